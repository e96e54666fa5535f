/** What becomes of a task that goes to another day. */

import type { Patch, Task } from "@/replica/model";
import { type DayKey, dayOfIso, moveToDay } from "@/time/dates";

/** A day, or no due date at all. */
export type Target = DayKey | "none";

/** Where a task is. */
export const targetOf = (task: Task, zone: string): Target =>
  task.due_at === null ? "none" : dayOfIso(task.due_at, zone);

/** Whether it can go there: what repeats needs a due date. */
export const takes = (task: Task, target: Target): boolean =>
  target !== "none" || task.recurrence === null;

/**
 * The change that brings it there, at the same time of the clock; null where it is there already or
 * cannot go.
 */
export function patchOf(task: Task, target: Target, zone: string): Patch | null {
  if (targetOf(task, zone) === target || !takes(task, target)) return null;
  return { due_at: target === "none" ? null : moveToDay(task.due_at, target, zone) };
}
