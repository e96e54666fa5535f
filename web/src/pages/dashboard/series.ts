/** What the plots show, from the days of the statistics. */

import type { Schemas } from "@/api/client";
import { type DayKey, startOfMonth, startOfWeek } from "@/time/dates";

export type Day = Schemas["DayOut"];
export type Step = "day" | "week" | "month";

/** What happened between `from` and `to`, and how things stood at the end of `to`. */
export type Span = {
  from: DayKey;
  to: DayKey;
  created: number;
  completed: number;
  statuses: Day["statuses"];
  scope: number;
};

// More points than this are not told apart on a screen.
const MOST_DAYS = 92;
const MOST_WEEKS = 730;

/** How long each point of a plot of that many days is. */
export const stepOf = (days: number): Step =>
  days <= MOST_DAYS ? "day" : days <= MOST_WEEKS ? "week" : "month";

/** The days in spans of `step`: counts are added up, states are those of the span's last day. */
export function spans(days: readonly Day[], step: Step, weekStart: number): Span[] {
  const begin = (day: DayKey) =>
    step === "day" ? day : step === "week" ? startOfWeek(day, weekStart) : startOfMonth(day);
  const found: Span[] = [];
  let key = "";
  for (const { day, created, completed, statuses, scope } of days) {
    const last = found.at(-1);
    if (last !== undefined && begin(day) === key) {
      last.to = day;
      last.created += created;
      last.completed += completed;
      last.statuses = statuses;
      last.scope = scope;
    } else {
      key = begin(day);
      found.push({ from: day, to: day, created, completed, statuses, scope });
    }
  }
  return found;
}

/** The span with the most completions; null where nothing was completed. */
export function busiest(all: readonly Span[]): Span | null {
  const most = all.reduce<Span | null>(
    (best, one) => (best === null || one.completed > best.completed ? one : best),
    null,
  );
  return most !== null && most.completed > 0 ? most : null;
}

/** How much of `whole` that is, in percent; 0 of nothing. */
export const share = (part: number, whole: number): number =>
  whole <= 0 ? 0 : Math.round((100 * part) / whole);

type Unit = "day" | "hour" | "minute";
const UNITS: readonly [Unit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Seconds in the largest unit that fits, as people say it: “2.5 days”, „3 Stunden“. */
export function formatDuration(
  seconds: number,
  locale: string,
  unitDisplay: "long" | "short" = "long",
): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? (["minute", 60] as const);
  const value = seconds / size;
  const digits = value < 10 && unit !== "minute" ? 1 : 0;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit,
    unitDisplay,
    maximumFractionDigits: digits,
  }).format(value);
}
