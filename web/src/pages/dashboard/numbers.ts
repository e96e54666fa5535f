/** How it stands at this moment, from what this browser knows; also without a network. */

import { isOpen, type MatchContext } from "@/parts/filters";
import type { Task } from "@/replica/model";
import { addDays, dayOf, startOfDay, startOfWeek } from "@/time/dates";

export type Numbers = { open: number; overdue: number; thisWeek: number; lastWeek: number };

/** Weeks begin as where the reader lives, by their time zone. */
export function countNow(
  tasks: Iterable<Task>,
  counts: (task: Task) => boolean,
  { now, zone, weekStart = 1 }: Pick<MatchContext, "now" | "zone" | "weekStart">,
): Numbers {
  const monday = startOfWeek(dayOf(now, zone), weekStart);
  const week = startOfDay(monday, zone);
  const before = startOfDay(addDays(monday, -7), zone);
  const found: Numbers = { open: 0, overdue: 0, thisWeek: 0, lastWeek: 0 };
  for (const task of tasks) {
    if (!counts(task)) continue;
    if (isOpen(task)) {
      found.open += 1;
      if (task.due_at !== null && Date.parse(task.due_at) < now) found.overdue += 1;
    } else if (task.status === "completed" && task.completed_at !== null) {
      const at = Date.parse(task.completed_at);
      if (at >= week) found.thisWeek += 1;
      else if (at >= before) found.lastWeek += 1;
    }
  }
  return found;
}
