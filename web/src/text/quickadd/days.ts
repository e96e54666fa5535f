/** Days as people say them: `tomorrow`, `nächsten Montag`, `in 3 days`, `Monatsende`. */

import {
  addDays,
  addMonths,
  type DayKey,
  endOfMonth,
  partsOf,
  startOfMonth,
  startOfWeek,
  type TimeOfDay,
  weekdayOf,
} from "@/time/dates";
import { calendarDay } from "./calendar";
import type { Read, Reader } from "./reader";
import * as v from "./vocabulary";

/** `at`: a moment that was counted from now; `due`: words said that it is when it must be done. */
export type Day = { day: DayKey; time: TimeOfDay | null; at: number | null; due: boolean };

/** A day, with the words that lead to it and the part of the day behind it. */
export function day(read: Reader, index: number): Read<Day> | null {
  if (!read.first(index)) return null;
  const led = leads(read, index);
  const before = read.on(index) ? (read.words[index - 1]?.folded ?? "") : "";
  const found =
    (led.next > index ? named(read, led.next, true) : null) ??
    named(read, index, false) ??
    counted(read, index);
  if (!found) return null;
  if (v.NOT_AFTER.has(before) && led.next === index) return null;
  const due = { ...found.value, due: led.due };
  return part(read, { ...found, value: due });
}

/** The words before a day: by, due on, am, bis zum. */
function leads(read: Reader, index: number): { next: number; due: boolean } {
  let next = index;
  let due = false;
  while (next < index + 3 && read.on(next + 1)) {
    const text = next === index ? (read.words[next]?.folded ?? "") : read.text(next);
    if (!v.DATE_LEADS.has(text)) break;
    due ||= v.DUE_LEADS.has(text);
    next += 1;
  }
  // “the 15th”, “the weekend”, but “the friday report”.
  const article = next > index && read.words[next - 1]?.folded === "the";
  const after = read.words[next]?.folded ?? "";
  const fits = /^\d/.test(after) || after === "day" || v.END.has(after) || v.WEEKEND.has(after);
  if (article && !fits) return { next: index, due: false };
  return { next, due };
}

const plain = (key: DayKey | null, next: number, dot = false): Read<Day> | null =>
  key ? { value: { day: key, time: null, at: null, due: false }, next, dot } : null;

function named(read: Reader, index: number, led: boolean): Read<Day> | null {
  const text = read.words[index]?.folded ?? "";
  const { today } = read.at;
  // „am Morgen“ is a time, and „Guten Morgen“ none at all.
  if (v.TODAY.has(text)) {
    return (read.on(index + 1) && counted(read, index + 1)) || plain(today, index + 1);
  }
  if (v.TOMORROW.has(text)) {
    return text === "morgen" && read.words[index - 1]?.folded === "am"
      ? null
      : plain(addDays(today, 1), index + 1);
  }
  if (v.AFTER_TOMORROW.has(text)) return plain(addDays(today, 2), index + 1);
  if (text === "tonight") {
    const time = v.PARTS.get("evening") ?? null;
    return { value: { day: today, time, at: null, due: false }, next: index + 1 };
  }
  if (text === "day" && read.text(index + 1) === "after" && read.text(index + 2) === "tomorrow") {
    return plain(addDays(today, 2), index + 3);
  }
  const written = calendarDay(read, index, led);
  if (written) return plain(written.value, written.next, written.dot);
  return (
    weekday(read, index, led) ?? next(read, index) ?? coming(read, index) ?? end(read, index, led)
  );
}

/** `friday`: the next one, not today; with the date behind it that date. */
function weekday(read: Reader, index: number, led: boolean): Read<Day> | null {
  const which = weekdayAt(read, index, led);
  if (which === null) return null;
  const date = read.on(index + 1, ",.") ? calendarDay(read, index + 1, true) : null;
  if (date) return plain(date.value, date.next, date.dot);
  if (v.NEXT.has(read.text(index + 1)) && v.UNITS.get(read.text(index + 2)) === "week") {
    return plain(addDays(nextMonday(read.at.today), (which + 6) % 7), index + 3);
  }
  const ahead = (which - weekdayOf(read.at.today) + 7) % 7 || 7;
  return plain(
    addDays(read.at.today, ahead),
    index + 1,
    isShort(read, index) && read.dotted(index),
  );
}

const isShort = (read: Reader, index: number): boolean => (read.words[index]?.raw.length ?? 9) <= 2;

/**
 * Which day of the week a word names, 0 for Sunday.
 *
 * Short names are understood where something leads to them (by, on, am, bis), else in their own
 * language and where no word comes behind that they could belong to (“Sun lotion”); those that are
 * words as well (do, so, sun, sat) with a capital, and „So“ not at all by itself.
 */
export function weekdayAt(read: Reader, index: number, led: boolean): number | null {
  const word = read.first(index);
  if (!word) return null;
  const full = v.WEEKDAYS.get(word.folded);
  if (full !== undefined) return full;
  const capital = /^\p{Lu}/u.test(word.raw);
  const german = v.GERMAN_SHORT.get(word.folded);
  if (german !== undefined) {
    if (led && capital) return german;
    const alone = word.folded === "so" && !word.trail.startsWith(".");
    return read.at.german && capital && !alone && isApart(read, index) ? german : null;
  }
  const english = v.ENGLISH_SHORT.get(word.folded);
  if (english === undefined) return null;
  if (led) return english;
  if (read.at.german || !isApart(read, index)) return null;
  return english === 0 || english === 6 ? (capital ? english : null) : english;
}

/** Whether behind a short name the line ends, or a full stop, a colon, a date or a time comes. */
function isApart(read: Reader, index: number): boolean {
  const after = read.words[index + 1];
  if (!after || after.sign !== null || after.open) return true;
  if (/^[.:]/.test(read.words[index]?.trail ?? "")) return true;
  const [text, then] = [after.folded, read.words[index + 2]?.folded ?? ""];
  if (/^\d/.test(text) || v.PARTS.has(text) || v.MOMENTS.has(text)) return true;
  if (v.TIME_LEADS.has(text)) return /^\d/.test(then) || v.MOMENTS.has(then);
  return v.MONTHS.has(text) || (v.NEXT.has(text) && v.UNITS.get(then) === "week");
}

const nextMonday = (today: DayKey): DayKey => addDays(startOfWeek(today, 1), 7);

/** `next monday`: that of the next week, which begins on Monday; `next week`: its Monday. */
function next(read: Reader, index: number): Read<Day> | null {
  if (!v.NEXT.has(read.words[index]?.folded ?? "") || !read.on(index + 1)) return null;
  const { today } = read.at;
  const monday = nextMonday(today);
  const which = weekdayAt(read, index + 1, true);
  if (which !== null) return plain(addDays(monday, (which + 6) % 7), index + 2);
  const text = read.text(index + 1);
  if (v.WEEKEND.has(text)) return plain(addDays(monday, 5), index + 2);
  const { year } = partsOf(today);
  switch (v.UNITS.get(text)) {
    case "week": {
      const at = index + (/^(?:on|am)$/.test(read.text(index + 2)) ? 3 : 2);
      const day = read.on(at) ? weekdayAt(read, at, true) : null;
      return day === null
        ? plain(monday, index + 2)
        : plain(addDays(monday, (day + 6) % 7), at + 1);
    }
    case "month":
      return plain(addMonths(startOfMonth(today), 1), index + 2);
    case "year":
      return plain(`${year + 1}-01-01`, index + 2);
    default:
      return null;
  }
}

/** `this friday`, `kommenden Montag`, `this weekend`, `this week` */
function coming(read: Reader, index: number): Read<Day> | null {
  const text = read.words[index]?.folded ?? "";
  if (!v.COMING.has(text) || !read.on(index + 1)) return null;
  const { today } = read.at;
  const which = weekdayAt(read, index + 1, true);
  if (which !== null) return plain(addDays(today, (which - weekdayOf(today) + 7) % 7), index + 2);
  const noun = read.text(index + 1);
  if (v.WEEKEND.has(noun)) return plain(weekend(today), index + 2);
  if (v.UNITS.get(noun) === "week") return plain(endOfWorkWeek(today), index + 2);
  const time = text === "this" ? v.PARTS.get(noun) : undefined;
  return time ? { value: { day: today, time, at: null, due: false }, next: index + 2 } : null;
}

/** Its Saturday; on a Sunday that day. */
const weekend = (today: DayKey): DayKey =>
  weekdayOf(today) === 0 ? today : addDays(today, 6 - weekdayOf(today));

/** Friday; at a weekend, when that has passed, Sunday. */
function endOfWorkWeek(today: DayKey): DayKey {
  const monday = startOfWeek(today, 1);
  return addDays(monday, today <= addDays(monday, 4) ? 4 : 6);
}

/** `end of month`, `Ende nächsten Monats`, `Jahresende`, `am Wochenende` */
function end(read: Reader, index: number, led: boolean): Read<Day> | null {
  const text = read.words[index]?.folded ?? "";
  const { today } = read.at;
  const { year } = partsOf(today);
  if (v.MONTH_END.has(text)) return plain(endOfMonth(today), index + 1);
  if (v.YEAR_END.has(text)) return plain(`${year}-12-31`, index + 1);
  if (v.WEEK_END.has(text)) return plain(endOfWorkWeek(today), index + 1);
  if (v.WEEKEND.has(text) && led) return plain(weekend(today), index + 1);
  if (v.BEGIN.has(text)) {
    const at = index + (read.text(index + 1) === "of" ? 2 : 1);
    return read.on(at) ? next(read, at) : null;
  }
  if (!v.END.has(text)) return null;
  let at = index + 1;
  while (at < index + 3 && read.isOneOf(at, v.OF)) at += 1;
  const later = read.isOneOf(at, v.NEXT) ? 1 : 0;
  const unit = v.UNITS.get(read.text(at + later));
  if (unit === "month")
    return plain(endOfMonth(addMonths(startOfMonth(today), later)), at + later + 1);
  if (unit === "year") return plain(`${year + later}-12-31`, at + later + 1);
  if (unit === "day" && at > index + 1) return plain(today, at + 1);
  if (unit !== "week") return null;
  return plain(later ? addDays(startOfWeek(today, 1), 11) : endOfWorkWeek(today), at + later + 1);
}

const LENGTH = { minute: 60_000, hour: 3_600_000 } as const;

/** `in 3 days`, `in einer halben Stunde`, `a week from now` */
function counted(read: Reader, index: number): Read<Day> | null {
  const first = read.words[index]?.folded === "in" ? index + 1 : index;
  if (first === index) {
    const unit = v.UNITS.has(read.text(index + 1)) && read.text(index + 2) === "from";
    if (!unit || !read.isOneOf(index + 3, v.NOW)) return null;
    const found = ahead(read, first, read.words[first]?.folded ?? "");
    return found && { ...found, next: index + 4 };
  }
  const halved = [first, first + 1].find((at) => read.isOneOf(at, v.HALF));
  if (halved !== undefined) {
    const at = halved + (/^an?$/.test(read.text(halved + 1)) ? 2 : 1);
    if (v.UNITS.get(read.text(at)) !== "hour") return null;
    return moment(read, 30 * LENGTH.minute, at + 1);
  }
  return ahead(read, first, read.text(first));
}

function moment(read: Reader, length: number, next: number): Read<Day> {
  // Whole minutes: nobody types seconds.
  const at = Math.floor((read.at.now + length) / LENGTH.minute) * LENGTH.minute;
  return { value: { day: read.at.today, time: null, at, due: false }, next };
}

/** A number and its unit from `index` on. */
function ahead(read: Reader, index: number, number: string): Read<Day> | null {
  const count = /^\d{1,3}$/.test(number) ? Number(number) : v.NUMBERS.get(number);
  const unit = v.UNITS.get(read.text(index + 1));
  if (count === undefined || !unit) return null;
  const { today } = read.at;
  const after = index + 2;
  switch (unit) {
    case "minute":
    case "hour":
      return moment(read, count * LENGTH[unit], after);
    case "day":
      return plain(addDays(today, count), after);
    case "week":
      return plain(addDays(today, 7 * count), after);
    case "month":
      return plain(addMonths(today, count), after);
    case "quarter":
      return plain(addMonths(today, 3 * count), after);
    case "year":
      return plain(addMonths(today, 12 * count), after);
  }
}

/** The part of the day behind a day: `tomorrow morning`, „Freitag Abend“, „morgen früh“. */
function part(read: Reader, found: Read<Day>): Read<Day> {
  if (found.dot || found.value.time || found.value.at !== null) return found;
  const text = read.text(found.next);
  const time = text === "morgen" ? v.PARTS.get("morning") : v.PARTS.get(text);
  return time ? { value: { ...found.value, time }, next: found.next + 1 } : found;
}
