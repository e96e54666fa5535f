/** The days that statistics are about, and how they stand in an address. They are UTC days. */

import { addDays, type DayKey, daysBetween, isDay } from "@/time/dates";

export const LENGTHS = [7, 30, 90, 365] as const;
export type Length = (typeof LENGTHS)[number];

/** `days` is null for days of one's own. */
export type Range = { from: DayKey; to: DayKey; days: Length | null };

type Search = Record<string, unknown>;

const USUAL: Length = 30;
// As many as the server counts at once.
const MOST_DAYS = 3660;

export const lastDays = (days: Length, today: DayKey): Range => ({
  from: addDays(today, 1 - days),
  to: today,
  days,
});

/** Own days in order, none in the future, and not more than the server counts. */
export function ownDays(one: DayKey, other: DayKey, today: DayKey): Range {
  const [first, last] = one <= other ? [one, other] : [other, one];
  const to = last > today ? today : last;
  const length = Math.min(Math.max(daysBetween(first, to) + 1, 1), MOST_DAYS);
  return { from: addDays(to, 1 - length), to, days: null };
}

/** The range of an address; the last 30 days where it says none. */
export function readRange(search: Search, today: DayKey): Range {
  const { from, to } = search;
  if (typeof from === "string" && typeof to === "string" && isDay(from) && isDay(to)) {
    return ownDays(from, to, today);
  }
  const days = LENGTHS.find((length) => length === Number(search.days)) ?? USUAL;
  return lastDays(days, today);
}

/** The search of an address with `range` in the place of its own; what else stands there stays. */
export function withRange(search: Search, { from, to, days }: Range): Search {
  const { from: _from, to: _to, days: _days, ...others } = search;
  if (days === null) return { ...others, from, to };
  return days === USUAL ? others : { ...others, days };
}

/** How many days it has. */
export const lengthOf = ({ from, to }: Pick<Range, "from" | "to">): number =>
  daysBetween(from, to) + 1;
