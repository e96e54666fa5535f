/**
 * Days and due dates in a time zone.
 *
 * A due date is always a moment: the server knows no days without a time. One that was given as a
 * day alone is due at 23:59 of that day, so that it is not overdue while the day lasts, for the
 * server's reminders and digests as for the pages; and 23:59 is shown as the day alone.
 */

import { DAY, fromWall, HOUR, MINUTE, type Moment, toWall, type Wall } from "./zone";

/** A day of the calendar, `YYYY-MM-DD`; such keys sort as time passes. */
export type DayKey = string;

export type TimeOfDay = { hour: number; minute: number };

const KEY = /^(\d{4})-(\d{2})-(\d{2})$/;
const END_OF_DAY: TimeOfDay = { hour: 23, minute: 59 };

const wallOfKey = (key: DayKey): Wall => Date.parse(`${key}T00:00:00Z`);

/** The day of a wall time; years are kept between 0 and 9999. Empty for what is no time. */
export function keyOfWall(wall: Wall): DayKey {
  if (Number.isNaN(wall)) return "";
  const [least, most] = [-62_167_219_200_000, 253_402_300_799_999];
  return new Date(Math.min(Math.max(wall, least), most)).toISOString().slice(0, 10);
}

/** The key of a day that exists, else null. `month` counts from 1. */
export function makeDay(year: number, month: number, day: number): DayKey | null {
  if (!(year >= 1 && year <= 9999)) return null;
  const pad = (value: number, digits: number) => String(value).padStart(digits, "0");
  const key = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  return isDay(key) ? key : null;
}

/** Whether a text is the key of a day that exists. */
export function isDay(text: string): text is DayKey {
  if (!KEY.test(text)) return false;
  const wall = wallOfKey(text);
  return !Number.isNaN(wall) && keyOfWall(wall) === text;
}

/** The moment of an API time, NaN for what is none. */
export const momentOf = (iso: string): Moment => Date.parse(iso);

/** A moment as the API takes it; the last one that it knows for those behind it. */
export function toIso(moment: Moment): string {
  return new Date(
    Math.min(Math.max(moment, -62_135_596_800_000), 253_402_300_799_999),
  ).toISOString();
}

/** The day on which a moment falls in a zone. */
export const dayOf = (moment: Moment, zone: string): DayKey => keyOfWall(toWall(moment, zone));

/** The day on which an API time falls in a zone. */
export const dayOfIso = (iso: string, zone: string): DayKey => dayOf(momentOf(iso), zone);

/** The first moment of a day: not midnight where the clocks skip that. */
export const startOfDay = (day: DayKey, zone: string): Moment => fromWall(wallOfKey(day), zone);

/** The first moment that is no longer of a day. */
export const endOfDay = (day: DayKey, zone: string): Moment => startOfDay(addDays(day, 1), zone);

/** The day that many days later. */
export const addDays = (day: DayKey, days: number): DayKey =>
  keyOfWall(wallOfKey(day) + days * DAY);

/** The same day of the month that many months later, or the last one of a month that is shorter. */
export function addMonths(day: DayKey, months: number): DayKey {
  const { year, month, day: date } = partsOf(day);
  const begin = new Date(Date.UTC(year, month - 1 + months, 1));
  const last = new Date(Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1, 0)).getUTCDate();
  return keyOfWall(begin.getTime() + (Math.min(date, last) - 1) * DAY);
}

/** How many days `to` is after `from`. */
export const daysBetween = (from: DayKey, to: DayKey): number =>
  Math.round((wallOfKey(to) - wallOfKey(from)) / DAY);

/** Year, month (from 1) and day of the month. */
export function partsOf(day: DayKey): { year: number; month: number; day: number } {
  const found = KEY.exec(day);
  return { year: Number(found?.[1]), month: Number(found?.[2]), day: Number(found?.[3]) };
}

/** 0 for Sunday to 6 for Saturday. */
export const weekdayOf = (day: DayKey): number => new Date(wallOfKey(day)).getUTCDay();

/** The first day of a day's week; `weekStart` as `weekStartOf` gives it. */
export const startOfWeek = (day: DayKey, weekStart: number): DayKey =>
  addDays(day, -((weekdayOf(day) - weekStart + 7) % 7));

export const startOfMonth = (day: DayKey): DayKey => `${day.slice(0, 8)}01`;
export const endOfMonth = (day: DayKey): DayKey => addDays(addMonths(startOfMonth(day), 1), -1);

/** When something is due on a day: at that time, or by the end of the day. */
export function dueOn(day: DayKey, zone: string, time: TimeOfDay | null = null): string {
  const { hour, minute } = time ?? END_OF_DAY;
  return toIso(fromWall(wallOfKey(day) + hour * HOUR + minute * MINUTE, zone));
}

/** The time of day of a due date; null where it is a day alone. */
export function timeOf(iso: string, zone: string): TimeOfDay | null {
  const into = intoDay(toWall(momentOf(iso), zone));
  const time = { hour: Math.floor(into / HOUR), minute: Math.floor((into % HOUR) / MINUTE) };
  return time.hour === END_OF_DAY.hour && time.minute === END_OF_DAY.minute ? null : time;
}

/** A due date that many days later, at the same time of the clock. */
export const moveDays = (iso: string, days: number, zone: string): string =>
  toIso(fromWall(toWall(momentOf(iso), zone) + days * DAY, zone));

/** A due date on another day, at the same time of the clock; by the end of that day if it had none. */
export function moveToDay(iso: string | null, day: DayKey, zone: string): string {
  if (iso === null) return dueOn(day, zone);
  return toIso(fromWall(wallOfKey(day) + intoDay(toWall(momentOf(iso), zone)), zone));
}

const intoDay = (wall: Wall): number => ((wall % DAY) + DAY) % DAY;
