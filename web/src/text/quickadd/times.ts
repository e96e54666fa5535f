/** Times of day: `at 5pm`, `17:00`, `um 17 Uhr`, `mittags`. */

import type { TimeOfDay } from "@/time/dates";
import { calendarDay } from "./calendar";
import type { Read, Reader } from "./reader";
import {
  COMING,
  EVERY,
  HALVES,
  MOMENTS,
  NEXT,
  NUMBERS,
  PARTS,
  TIME_LEADS,
  TO,
  TODAY,
  TOMORROW,
  WEEKDAYS,
} from "./vocabulary";

const CLOCK = /^(\d{1,2})[:.](\d{2})$/;
const COLON = /^(\d{1,2}):(\d{2})$/;
const HOUR_ONLY = /^\d{1,2}$/;
const MERIDIEM = /^(\d{1,2})(?:[:.](\d{2}))?(am|pm|a\.m|p\.m)$/;
const HALF_WORD = /^(am|pm|a\.m|p\.m)$/;
const UHR = /^(\d{1,2})(?:[:.](\d{2}))?(uhr|h)$/;

/** A time, with the words that lead to it; of a span its beginning. `dated`: a day stands before it. */
export function time(read: Reader, index: number, dated = false): Read<TimeOfDay> | null {
  const word = read.first(index);
  if (!word) return null;
  const lead = TIME_LEADS.has(word.folded) ? word.folded : null;
  const plain =
    lead && read.on(index + 1)
      ? clock(read, index + 1, lead, dated)
      : clock(read, index, null, dated);
  if (plain) return upTo(read, half(read, plain));
  return inThePart(read, index);
}

/** `from 3pm to 5pm` */
function upTo(read: Reader, found: Read<TimeOfDay>): Read<TimeOfDay> {
  if (found.dot || !read.isOneOf(found.next, TO) || !read.on(found.next + 1)) return found;
  const end = clock(read, found.next + 1, "", false);
  return end ? { ...half(read, end), value: found.value } : found;
}

function clock(
  read: Reader,
  index: number,
  lead: string | null,
  dated: boolean,
): Read<TimeOfDay> | null {
  const word = read.words[index];
  if (!word || word.plain || word.sign) return null;
  const text = word.folded;
  const named = MOMENTS.get(text) ?? (lead ? PARTS.get(text) : undefined);
  // “by night”, “gegen Abend” say how and not when.
  if (named && (MOMENTS.has(text) || text === "mittag")) return { value: named, next: index + 1 };
  if (lead === "um" && text === "halb") return halfTo(read, index + 1);
  if (!/^\d/.test(text)) return null;
  const meridiem = MERIDIEM.exec(text);
  if (meridiem) {
    const value = twelve(Number(meridiem[1]), Number(meridiem[2] ?? 0), meridiem[3] ?? "");
    return value && { value, next: index + 1, dot: (meridiem[3] ?? "").includes(".") };
  }
  return (
    meridiemApart(read, index, lead) ??
    uhr(read, index, lead, dated) ??
    bare(read, index, lead, dated)
  );
}

/** `5:30 pm`; “5 am Montag” is German. */
function meridiemApart(read: Reader, index: number, lead: string | null): Read<TimeOfDay> | null {
  const text = read.words[index]?.folded ?? "";
  const which = read.text(index + 1);
  if (!HALF_WORD.test(which)) return null;
  if (which === "am" && lead !== "at" && germanDay(read, index + 2)) return null;
  const parts = CLOCK.exec(text);
  if (!parts && !HOUR_ONLY.test(text)) return null;
  const value = twelve(Number(parts?.[1] ?? text), Number(parts?.[2] ?? 0), which);
  return value && { value, next: index + 2, dot: which.includes(".") };
}

const GERMAN_DAY = /^(?:.+tag|mittwoch|sonnabend|wochenende|morgen|abend|vormittag|nachmittag)$/;

/** Whether a word makes an „am“ before it German: am Montag, am 24.12. */
function germanDay(read: Reader, index: number): boolean {
  const text = read.text(index);
  return (
    GERMAN_DAY.test(text) ||
    (/^\d{1,2}(\.\d{1,2})*$/.test(text) && (read.dotted(index) || text.includes(".")))
  );
}

/** `17 Uhr`, `17:30 Uhr`, `17 Uhr 30`, `17h` */
function uhr(
  read: Reader,
  index: number,
  lead: string | null,
  dated: boolean,
): Read<TimeOfDay> | null {
  const text = read.words[index]?.folded ?? "";
  const joined = UHR.exec(text);
  // 8h alone is how long something takes.
  if (joined)
    return joined[3] === "h" && !lead && !dated ? null : made(joined[1], joined[2], index + 1);
  if (read.text(index + 1) !== "uhr") return null;
  const parts = CLOCK.exec(text);
  if (parts) return made(parts[1], parts[2], index + 2);
  if (!HOUR_ONLY.test(text)) return null;
  const minutes = read.text(index + 2);
  const more = /^\d{2}$/.test(minutes) && Number(minutes) < 60;
  return more ? made(text, minutes, index + 3) : made(text, "0", index + 2);
}

function bare(
  read: Reader,
  index: number,
  lead: string | null,
  dated: boolean,
): Read<TimeOfDay> | null {
  const text = read.words[index]?.folded ?? "";
  const parts = COLON.exec(text) ?? (lead ? CLOCK.exec(text) : null);
  if (parts) return made(parts[1], parts[2], index + 1);
  if ((lead !== "at" && lead !== "um") || !HOUR_ONLY.test(text)) return null;
  // “at 5 Elm Street” is no time.
  if (!dated && !timeEnds(read, index + 1)) return null;
  const hour = Number(text);
  // Who says “at 5” means the afternoon; „um 5“ is said on a clock of 24 hours.
  return made(String(lead === "at" && hour >= 1 && hour <= 6 ? hour + 12 : hour), "0", index + 1);
}

function timeEnds(read: Reader, index: number): boolean {
  if (read.endsAt(index)) return true;
  const text = read.text(index);
  if (
    TODAY.has(text) ||
    TOMORROW.has(text) ||
    WEEKDAYS.has(text) ||
    EVERY.has(text) ||
    HALVES.has(text)
  )
    return true;
  if (NEXT.has(text) || COMING.has(text) || text === "ubermorgen" || text === "in") return true;
  return (
    (text === "on" || text === "am") &&
    (germanDay(read, index + 1) ||
      WEEKDAYS.has(read.text(index + 1)) ||
      calendarDay(read, index + 1, true) !== null)
  );
}

/** „um halb neun“ */
function halfTo(read: Reader, index: number): Read<TimeOfDay> | null {
  const text = read.text(index);
  const hour = HOUR_ONLY.test(text) ? Number(text) : (NUMBERS.get(text) ?? 0);
  return hour >= 1 && hour <= 24 ? made(String(hour - 1), "30", index + 1) : null;
}

/** What stands behind a time and says which half of the day: „um 8 abends“, “at 8 in the evening”. */
function half(read: Reader, found: Read<TimeOfDay>): Read<TimeOfDay> {
  let next = found.next;
  if (read.text(next) === "in" && read.text(next + 1) === "the") next += 2;
  else if (read.text(next) === "am" && PARTS.has(read.text(next + 1))) {
    const part = PARTS.get(read.text(next + 1));
    return part
      ? { value: shifted(found.value, part.hour < 12 ? "am" : "pm"), next: next + 2 }
      : found;
  }
  const which = HALVES.get(read.text(next));
  return which ? { value: shifted(found.value, which), next: next + 1 } : found;
}

function shifted({ hour, minute }: TimeOfDay, which: "am" | "pm"): TimeOfDay {
  if (which === "pm" && hour < 12) return { hour: hour + 12, minute };
  return { hour: which === "am" && hour > 12 ? hour - 12 : hour, minute };
}

/** `in the morning`, `am Nachmittag` */
function inThePart(read: Reader, index: number): Read<TimeOfDay> | null {
  const text = read.words[index]?.folded;
  if (text === "am") {
    const next = read.text(index + 1);
    const part = next === "morgen" ? PARTS.get("morning") : PARTS.get(next);
    return part && next !== "fruh" ? { value: part, next: index + 2 } : null;
  }
  if (text !== "in" || read.text(index + 1) !== "the") return null;
  const part = PARTS.get(read.text(index + 2));
  return part ? { value: part, next: index + 3 } : null;
}

function twelve(hour: number, minute: number, which: string): TimeOfDay | null {
  if (hour < 1 || hour > 12 || minute > 59) return null;
  return { hour: (hour % 12) + (which.startsWith("p") ? 12 : 0), minute };
}

function made(
  hour: string | undefined,
  minute: string | undefined,
  next: number,
): Read<TimeOfDay> | null {
  const value = { hour: Number(hour), minute: Number(minute ?? 0) };
  if (value.minute > 59 || value.hour > 24 || (value.hour === 24 && value.minute > 0)) return null;
  // 24:00 is the end of its day.
  return { value: value.hour === 24 ? { hour: 23, minute: 59 } : value, next };
}
