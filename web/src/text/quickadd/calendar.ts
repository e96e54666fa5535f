/** Days as they are written in figures, and with the names of months. */

import { type DayKey, makeDay, partsOf } from "@/time/dates";
import type { Read, Reader } from "./reader";
import { DATE_LEADS, MONTHS } from "./vocabulary";

const ISO = /^(\d{4})-(\d{2})-(\d{2})$/;
const DOTTED = /^(\d{1,2})\.(\d{1,2})(?:\.(\d{4}|\d{2}))?$/;
const SLASHED = /^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}|\d{2}))?$/;
const ORDINAL = /^(\d{1,2})(st|nd|rd|th)?$/;
const ORDINAL_ONLY = /^(\d{1,2})(?:st|nd|rd|th)$/;
const YEAR = /^\d{4}$/;
// Parts of a whole are written like days: page 3/12.
const PARTS_OF = new Set(
  "page part step chapter section round day sprint seite teil schritt kapitel abschnitt runde tag".split(
    " ",
  ),
);

/** A day in figures or by its month; `led`: words before it say that it is a day. */
export function calendarDay(read: Reader, index: number, led: boolean): Read<DayKey> | null {
  const word = read.first(index);
  if (!word || !/^[\p{L}\d]/u.test(word.raw)) return null;
  if (MONTHS.has(word.folded)) return monthThenDay(read, index);
  if (!/^\d/.test(word.raw)) return null;
  return figures(read, index, led) ?? dayThenMonth(read, index) ?? dayAlone(read, index, led);
}

function figures(read: Reader, index: number, led: boolean): Read<DayKey> | null {
  const raw = read.words[index]?.raw ?? "";
  const iso = ISO.exec(raw);
  if (iso) return found(makeDay(Number(iso[1]), Number(iso[2]), Number(iso[3])), index + 1);
  const dotted = DOTTED.exec(raw);
  if (dotted) {
    // 24.12 without its last dot may be any number.
    const stop = !dotted[3] && read.dotted(index);
    if (!dotted[3] && !stop && !led) return null;
    const day = numbered(read, Number(dotted[2]), Number(dotted[1]), dotted[3]);
    if (day && stop) {
      const year = withYear(read, index, Number(dotted[2]), Number(dotted[1]));
      if (year) return year;
    }
    return found(day, index + 1, stop);
  }
  const slashed = SLASHED.exec(raw);
  return slashed ? slashedDay(read, index, slashed, led) : null;
}

/** `24.12. 2026` */
function withYear(read: Reader, index: number, month: number, day: number): Read<DayKey> | null {
  const year = read.on(index + 1, ".")?.raw ?? "";
  return isYear(read, year) ? found(makeDay(Number(year), month, day), index + 2) : null;
}

function slashedDay(
  read: Reader,
  index: number,
  parts: RegExpExecArray,
  led: boolean,
): Read<DayKey> | null {
  const [, one = "", two = "", year] = parts;
  if (!year && !led) {
    // 1/2 is a half, 24/7 is always.
    if (one.length + two.length < 3 || `${one}/${two}` === "24/7") return null;
    if (PARTS_OF.has(read.words[index - 1]?.folded ?? "")) return null;
  }
  const [first, second] = [Number(one), Number(two)];
  const [month, day] = read.at.monthFirst ? [first, second] : [second, first];
  return found(numbered(read, month, day, year) ?? numbered(read, day, month, year), index + 1);
}

/** `24. Dezember 2026`, `24th of December` */
function dayThenMonth(read: Reader, index: number): Read<DayKey> | null {
  const word = read.words[index];
  const day = Number(ORDINAL.exec(word?.folded ?? "")?.[1] ?? 0);
  if (!day) return null;
  let next = index + 1;
  if (read.text(next) === "of") next += 1;
  const month = MONTHS.get(read.text(next, "."));
  return month ? monthAndDay(read, next, month, day) : null;
}

/** `Dec 24, 2026` */
function monthThenDay(read: Reader, index: number): Read<DayKey> | null {
  const month = MONTHS.get(read.words[index]?.folded ?? "");
  const day = Number(ORDINAL.exec(read.text(index + 1, "."))?.[1] ?? 0);
  return month && day ? monthAndDay(read, index + 1, month, day) : null;
}

/** The rest of a date whose last word so far stands at `index`. */
function monthAndDay(read: Reader, index: number, month: number, day: number): Read<DayKey> | null {
  const year = read.on(index + 1, ",.")?.raw ?? "";
  if (isYear(read, year)) return found(makeDay(Number(year), month, day), index + 2);
  // The dot of a short name, or of a number, belongs to it: 24. Dez., März 3.
  const raw = read.words[index]?.raw ?? "";
  const dot = read.dotted(index) && (raw.length <= 4 || /^\d/.test(raw));
  return found(upcoming(read, month, day), index + 1, dot);
}

/** `the 15th`, `am 15.`: of this month, or of the next one that has it. */
function dayAlone(read: Reader, index: number, led: boolean): Read<DayKey> | null {
  const word = read.words[index];
  if (!word || !led) return null;
  const english = ORDINAL_ONLY.exec(word.folded);
  const german = /^\d{1,2}$/.test(word.raw) && read.dotted(index) && word.trail === ".";
  if (!english && !german) return null;
  const lead = read.words[index - 1]?.folded ?? "";
  if (!DATE_LEADS.has(lead)) return null;
  const day = Number(english?.[1] ?? word.raw);
  return found(dayOfMonth(read.at.today, day), index + 1, german);
}

/** The next day with that number, today included. */
export function dayOfMonth(today: DayKey, day: number): DayKey | null {
  const { year, month } = partsOf(today);
  for (let ahead = 0; ahead < 12; ahead += 1) {
    const at = month - 1 + ahead;
    const key = makeDay(year + Math.floor(at / 12), (at % 12) + 1, day);
    if (key && key >= today) return key;
  }
  return null;
}

function numbered(
  read: Reader,
  month: number,
  day: number,
  year: string | undefined,
): DayKey | null {
  if (!year) return upcoming(read, month, day);
  return makeDay(year.length === 2 ? 2000 + Number(year) : Number(year), month, day);
}

/** The next such day, today included; the 29th of February waits for a year that has one. */
function upcoming(read: Reader, month: number, day: number): DayKey | null {
  const { year } = partsOf(read.at.today);
  for (let ahead = 0; ahead <= 8; ahead += 1) {
    const key = makeDay(year + ahead, month, day);
    if (key && key >= read.at.today) return key;
  }
  return null;
}

/** A year that somebody may plan for; other numbers behind a day are numbers. */
function isYear(read: Reader, text: string): boolean {
  const { year } = partsOf(read.at.today);
  return YEAR.test(text) && Number(text) >= year - 1 && Number(text) <= year + 50;
}

function found(day: DayKey | null, next: number, dot = false): Read<DayKey> | null {
  return day ? { value: day, next, dot } : null;
}
