/** How often: `every monday`, `alle 2 Wochen`, `monatlich am 15.`, as rules of RFC 5545. */

import {
  addDays,
  addMonths,
  type DayKey,
  endOfMonth,
  partsOf,
  type TimeOfDay,
  weekdayOf,
} from "@/time/dates";
import { calendarDay } from "./calendar";
import { day, weekdayAt } from "./days";
import type { Read, Reader } from "./reader";
import * as v from "./vocabulary";

type Freq = "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY";

/** What a rule is made of, and which days it names. */
export type Series = {
  freq: Freq;
  interval: number;
  /** Days of the week, 0 for Sunday. */
  days: number[];
  /** Which of those days in the month: 1 the first, -1 the last. */
  nth: number | null;
  /** The only one of those days together that counts: the last working day. */
  position: number | null;
  monthDay: number | null;
  month: number | null;
  until: DayKey | null;
  count: number | null;
  time: TimeOfDay | null;
  from: "due" | "completion";
};

const NAMES = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const WORKING = [1, 2, 3, 4, 5];
const MOST_INTERVAL = 1000;

const base = (freq: Freq, more: Partial<Series> = {}): Series => ({
  freq,
  interval: 1,
  days: [],
  nth: null,
  position: null,
  monthDay: null,
  month: null,
  until: null,
  count: null,
  time: null,
  from: "due",
  ...more,
});

/** The rule without DTSTART, as the API takes it. */
export function ruleOf(series: Series): string {
  const names = [...series.days]
    .sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7))
    .map((at) => NAMES[at]);
  const parts = [`FREQ=${series.freq}`];
  if (series.interval > 1) parts.push(`INTERVAL=${series.interval}`);
  if (series.month !== null) parts.push(`BYMONTH=${series.month}`);
  if (series.monthDay !== null) parts.push(`BYMONTHDAY=${series.monthDay}`);
  if (names.length > 0)
    parts.push(`BYDAY=${names.map((name) => `${series.nth ?? ""}${name}`).join(",")}`);
  if (series.position !== null) parts.push(`BYSETPOS=${series.position}`);
  if (series.count !== null) parts.push(`COUNT=${series.count}`);
  if (series.until !== null) parts.push(`UNTIL=${series.until.replaceAll("-", "")}`);
  return parts.join(";");
}

/** The first day from `from` on that a series names; `from` itself where it names none in particular. */
export function firstDay(series: Series, from: DayKey): DayKey {
  const fits = fitting(series);
  let at = from;
  // 29 February comes again after eight years at the latest.
  for (let ahead = 0; ahead < 8 * 366; ahead += 1) {
    if (fits(at)) return at;
    at = addDays(at, 1);
  }
  return from;
}

/** The first day after one that a series names. */
export function dayAfter(series: Series, day: DayKey): DayKey {
  const free = series.days.length === 0 && series.monthDay === null;
  if (!free || series.freq === "DAILY")
    return firstDay(series, addDays(day, free ? series.interval : 1));
  if (series.freq === "WEEKLY") return addDays(day, 7 * series.interval);
  return addMonths(day, (series.freq === "YEARLY" ? 12 : 1) * series.interval);
}

function fitting(series: Series): (day: DayKey) => boolean {
  return (key) => {
    const { month, day: date } = partsOf(key);
    if (series.month !== null && series.month !== month) return false;
    if (series.monthDay === -1) return key === endOfMonth(key);
    if (series.monthDay !== null && series.monthDay !== date) return false;
    if (series.days.length === 0) return true;
    if (!series.days.includes(weekdayOf(key))) return false;
    if (series.position !== null) return isPositioned(series, key);
    if (series.nth === null) return true;
    if (series.nth > 0) return Math.ceil(date / 7) === series.nth;
    return partsOf(addDays(key, 7)).month !== month;
  };
}

/** Whether no other day of the series lies between it and the edge of its month. */
function isPositioned(series: Series, key: DayKey): boolean {
  const step = series.position === 1 ? -1 : 1;
  const { month } = partsOf(key);
  for (let at = addDays(key, step); partsOf(at).month === month; at = addDays(at, step)) {
    if (series.days.includes(weekdayOf(at))) return false;
  }
  return true;
}

/** How often something comes, with what follows: on which days, until when, how many times. */
export function series(read: Reader, index: number): Read<Series> | null {
  const found = begin(read, index);
  if (!found) return null;
  return tail(read, where(read, found));
}

function begin(read: Reader, index: number): Read<Series> | null {
  const word = read.first(index);
  if (!word) return null;
  const text = word.folded;
  if (v.EVERY.has(text) && read.on(index + 1)) return every(read, index + 1, text === "alle");
  if (v.ON_WORKDAYS.has(text)) return { value: base("WEEKLY", { days: WORKING }), next: index + 1 };
  if (v.ON_DAYS.has(text))
    return daysOf(read, index, (at) => v.ON_DAYS.get(word0(read, at)) ?? null);
  if (text === "on" && read.on(index + 1)) {
    const after = read.text(index + 1);
    if (after === "weekdays" || after === "workdays") {
      return { value: base("WEEKLY", { days: WORKING }), next: index + 2 };
    }
    return daysOf(read, index + 1, (at) => v.PLURAL_DAYS.get(word0(read, at)) ?? null);
  }
  const often = v.OFTEN.get(text);
  if (!often || (often.apart && !standsApart(read, index + 1))) return null;
  return { value: ofUnit(often.unit, often.interval), next: index + 1 };
}

const word0 = (read: Reader, index: number): string => read.words[index]?.folded ?? "";

/** “weekly” before a noun describes it. */
function standsApart(read: Reader, index: number): boolean {
  if (read.endsAt(index)) return true;
  const text = read.text(index);
  if (
    ["at", "on", "from", "until", "starting", "for", "um", "am", "ab", "bis", "after"].includes(
      text,
    )
  )
    return true;
  return /^\d/.test(text) || v.TODAY.has(text) || v.TOMORROW.has(text) || v.MOMENTS.has(text);
}

/** A list of days: monday, wednesday and friday. */
function daysOf(
  read: Reader,
  index: number,
  dayAt: (index: number) => number | null,
): Read<Series> | null {
  const first = dayAt(index);
  if (first === null) return null;
  const days = [first];
  let next = index + 1;
  for (let more = 0; more < 7; more += 1) {
    let at = next;
    if (read.on(at, ",") && v.AND.has(word0(read, at))) at += 1;
    const listed = read.on(at, ",") ? dayAt(at) : null;
    // “every monday, friday” may be two things; with a comma a day must follow at once.
    if (listed === null || (at === next && read.words[next - 1]?.trail !== ",")) break;
    if (!days.includes(listed)) days.push(listed);
    next = at + 1;
  }
  return { value: base("WEEKLY", { days }), next };
}

function every(read: Reader, index: number, plural: boolean): Read<Series> | null {
  const count =
    /^\d{1,3}$/.test(read.text(index)) && !read.dotted(index) ? Number(read.text(index)) : null;
  const number = count ?? v.NUMBERS.get(read.text(index)) ?? null;
  if (number !== null && number > 0) {
    const unit = longUnit(read, index + 1);
    if (unit) return { value: ofUnit(unit, number), next: index + 2 };
  }
  if (plural) return null;
  const nth = v.ORDINALS.get(read.text(index)) ?? nthOf(read, index);
  if (nth !== null && read.on(index + 1, ".")) {
    const found = ordinal(read, index + 1, nth);
    if (found) return found;
  }
  return plainEvery(read, index) ?? everyDate(read, index);
}

/** `every 2nd`, `jeden 2.` */
function nthOf(read: Reader, index: number): number | null {
  const found = /^([1-5])(?:st|nd|rd|th)?$/.exec(read.text(index));
  if (!found) return null;
  return found[0].length > 1 || read.dotted(index) ? Number(found[1]) : null;
}

function longUnit(read: Reader, index: number): v.Unit | null {
  const unit = v.UNITS.get(read.on(index, ".")?.folded ?? "");
  return unit && unit !== "minute" && unit !== "hour" ? unit : null;
}

function plainEvery(read: Reader, index: number): Read<Series> | null {
  const text = read.text(index);
  const unit = longUnit(read, index);
  if (unit) return { value: ofUnit(unit, 1), next: index + 1 };
  if (v.WORKDAYS.has(text)) return { value: base("WEEKLY", { days: WORKING }), next: index + 1 };
  if (v.WEEKEND.has(text)) return { value: base("WEEKLY", { days: [6] }), next: index + 1 };
  if (v.MONTH_END.has(text)) return { value: base("MONTHLY", { monthDay: -1 }), next: index + 1 };
  const time = text === "morgen" ? v.PARTS.get("morning") : v.PARTS.get(text);
  if (time) return { value: base("DAILY", { time }), next: index + 1 };
  return daysOf(read, index, (at) => weekdayAt(read, at, true));
}

/** `every 15th`, `jeden 24. Dezember` */
function everyDate(read: Reader, index: number): Read<Series> | null {
  const found = monthDay(read, index);
  if (!found) {
    const date = calendarDay(read, index, false);
    if (!date || /^\d{4}/.test(read.text(index))) return null;
    const { month, day: at } = partsOf(date.value);
    return { ...date, value: base("YEARLY", { month, monthDay: at }) };
  }
  let next = found.next;
  if (
    read.isOneOf(next, v.OF_MONTH) ||
    (found.dot && read.on(next, ".") && v.OF_MONTH.has(word0(read, next)))
  ) {
    next = ofMonth(read, next, found.dot ? "." : "");
  }
  return {
    value: base("MONTHLY", { monthDay: found.value }),
    next,
    dot: next === found.next && (found.dot ?? false),
  };
}

/** A number of a day: `15th`, `15.`; not where a month follows. */
function monthDay(read: Reader, index: number): Read<number> | null {
  const found = /^(\d{1,2})(st|nd|rd|th)?$/.exec(read.text(index));
  if (!found || !(found[2] || read.dotted(index))) return null;
  const value = Number(found[1]);
  const after = read.on(index + 1, ".")?.folded ?? "";
  if (value < 1 || value > 31 || v.MONTHS.has(after)) return null;
  if (after === "of" && v.MONTHS.has(read.text(index + 2))) return null;
  return { value, next: index + 1, dot: !found[2] };
}

/** `of the month`, `im Monat`: the index behind it, or that before it. */
function ofMonth(read: Reader, index: number, over = ""): number {
  let at = index;
  while (
    at < index + 4 &&
    read.on(at, at === index ? over : "") &&
    v.OF_MONTH.has(word0(read, at))
  ) {
    at += 1;
    if (v.UNITS.get(word0(read, at - 1)) === "month") return at;
  }
  return index;
}

/** `every first monday`, `every other week`, `jeden letzten Werktag im Monat` */
function ordinal(read: Reader, index: number, nth: number): Read<Series> | null {
  const text = word0(read, index);
  const unit = longUnit(read, index);
  const behind = ofMonth(read, index + 1);
  const monthly = behind > index + 1;
  if (unit === "day" && (monthly || nth < 0 || nth === 1)) {
    return { value: base("MONTHLY", { monthDay: nth }), next: behind };
  }
  if (unit) return nth > 0 ? { value: ofUnit(unit, nth), next: index + 1 } : null;
  if (v.WORKDAYS.has(text)) {
    if (nth !== 1 && nth !== -1) return null;
    return { value: base("MONTHLY", { days: WORKING, position: nth }), next: behind };
  }
  const which = weekdayAt(read, index, true);
  if (which === null) return null;
  // “every second monday” is every other one, unless a month is spoken of; “the first” can only be of one.
  if (nth === 1 || nth < 0 || monthly)
    return { value: base("MONTHLY", { days: [which], nth }), next: behind };
  return { value: base("WEEKLY", { days: [which], interval: nth }), next: index + 1 };
}

function ofUnit(unit: v.Unit, interval: number): Series {
  const [freq, times]: [Freq, number] =
    unit === "week"
      ? ["WEEKLY", 1]
      : unit === "month"
        ? ["MONTHLY", 1]
        : unit === "quarter"
          ? ["MONTHLY", 3]
          : unit === "year"
            ? ["YEARLY", 1]
            : ["DAILY", 1];
  return base(freq, { interval: Math.min(interval * times, MOST_INTERVAL) });
}

/** `every week on monday and friday`, `monatlich am 15.`, `every year on Dec 24` */
function where(read: Reader, found: Read<Series>): Read<Series> {
  const { value, next } = found;
  const lead = read.text(next);
  if (value.days.length > 0 || value.monthDay !== null || (lead !== "on" && lead !== "am"))
    return found;
  let at = next + 1;
  if (read.text(at) === "the") at += 1;
  if (value.freq === "WEEKLY") {
    const days = read.on(at) ? daysOf(read, at, (each) => weekdayAt(read, each, true)) : null;
    return days ? { ...days, value: { ...value, days: days.value.days } } : found;
  }
  if (value.freq === "MONTHLY") {
    const date = monthDay(read, at);
    if (date) return { ...date, value: { ...value, monthDay: date.value } };
    const nth = v.ORDINALS.get(read.text(at));
    if (nth === undefined) return found;
    const on = ordinal(read, at + 1, nth);
    if (on?.value.freq === "MONTHLY")
      return { ...on, value: { ...on.value, interval: value.interval } };
    return found;
  }
  const date = value.freq === "YEARLY" ? calendarDay(read, at, false) : null;
  if (!date) return found;
  const { month, day: monthDayOf } = partsOf(date.value);
  return { ...date, value: { ...value, month, monthDay: monthDayOf } };
}

/** `until 24.12.`, `5 times`, `after completion` */
function tail(read: Reader, found: Read<Series>): Read<Series> {
  if (found.dot) return found;
  const { value, next } = found;
  const text = read.text(next);
  if (["until", "till", "bis"].includes(text)) {
    const end = day(read, next);
    if (end && end.value.at === null && end.value.day >= read.at.today) {
      return { ...end, value: { ...value, until: end.value.day } };
    }
  }
  if (
    (text === "after" && read.text(next + 1) === "completion") ||
    (text === "nach" && /^(erledigung|abschluss)$/.test(read.text(next + 1)))
  ) {
    return { value: { ...value, from: "completion" }, next: next + 2 };
  }
  // “3 times” alone would be three times a day.
  if (text !== "for" && text !== "insgesamt") return found;
  const times = read.isOneOf(next + 2, v.TIMES) ? read.count(next + 1) : null;
  return times === null || times < 1
    ? found
    : { value: { ...value, count: times }, next: next + 3 };
}
