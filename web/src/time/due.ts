/** What is overdue, due today, tomorrow, this week or later. */

import { addDays, type DayKey, dayOf, momentOf, startOfDay, startOfWeek } from "./dates";
import type { Moment } from "./zone";

export type Due = "overdue" | "today" | "tomorrow" | "week" | "later" | "none";

/** The order in which they are shown. */
export const DUES: readonly Due[] = ["overdue", "today", "tomorrow", "week", "later", "none"];

/** Where the days around a moment begin: made once, for any number of tasks. */
export type Horizon = {
  now: Moment;
  today: DayKey;
  /** When today ends: from then on another horizon is wanted. */
  tomorrowAt: Moment;
  afterTomorrowAt: Moment;
  /** When the week ends that today belongs to. */
  nextWeekAt: Moment;
};

export function horizon(now: Moment, zone: string, weekStart: number): Horizon {
  const today = dayOf(now, zone);
  return {
    now,
    today,
    tomorrowAt: startOfDay(addDays(today, 1), zone),
    afterTomorrowAt: startOfDay(addDays(today, 2), zone),
    nextWeekAt: startOfDay(addDays(startOfWeek(today, weekStart), 7), zone),
  };
}

/**
 * Which of them a due date is. Overdue is what lies behind the moment, as the server counts;
 * `closed` ones (completed, cancelled) never are; what was due before today counts as today there.
 */
export function dueOf(dueAt: string | null, at: Horizon, closed = false): Due {
  const moment = dueAt === null ? Number.NaN : momentOf(dueAt);
  if (Number.isNaN(moment)) return "none";
  if (moment < at.now && !closed) return "overdue";
  if (moment < at.tomorrowAt) return "today";
  if (moment < at.afterTomorrowAt) return "tomorrow";
  return moment < at.nextWeekAt ? "week" : "later";
}
