/** The days that a calendar shows, and the tasks on each of them. */

import type { Task } from "@/replica/model";
import {
  addDays,
  addMonths,
  type DayKey,
  dayOfIso,
  daysBetween,
  endOfMonth,
  isDay,
  partsOf,
  startOfMonth,
  startOfWeek,
  weekdayOf,
} from "@/time/dates";
import { formatDay, formatNearDay } from "@/time/format";

/** What is said above a day beside its date: how near it is, else its weekday. */
export const saidOf = (day: DayKey, today: DayKey, locale: string): string =>
  Math.abs(daysBetween(today, day)) <= 1
    ? formatNearDay(day, today, locale)
    : formatDay(day, locale, "weekday");

export type Shown = "month" | "week";

export const readShown = (value: unknown): Shown => (value === "week" ? "week" : "month");

/** The day that an address names, else `today`. */
export const readDay = (value: unknown, today: DayKey): DayKey =>
  typeof value === "string" && isDay(value) ? value : today;

/** The weeks that show the month or the week of a day: whole ones, as many as it needs. */
export function weeksOf(day: DayKey, shown: Shown, weekStart: number): DayKey[][] {
  const first = startOfWeek(shown === "month" ? startOfMonth(day) : day, weekStart);
  const last = shown === "month" ? endOfMonth(day) : addDays(first, 6);
  const weeks: DayKey[][] = [];
  for (let start = first; start <= last; start = addDays(start, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, i) => addDays(start, i)));
    // There is no day behind the last one that has a key.
    if (addDays(start, 7) <= start) break;
  }
  return weeks;
}

/** The days of the month or week itself, without those that only fill its weeks. */
export const daysOf = (day: DayKey, shown: Shown, weekStart: number): DayKey[] =>
  weeksOf(day, shown, weekStart)
    .flat()
    .filter((one) => shown === "week" || one.slice(0, 7) === day.slice(0, 7));

/** The same day of the next month, or of the next week. */
export const turned = (day: DayKey, shown: Shown, by: number): DayKey =>
  shown === "month" ? addMonths(day, by) : addDays(day, 7 * by);

/**
 * The number of the week that begins with a day. Weeks that begin on Monday are counted by ISO 8601
 * (the first one has the first Thursday), others so that the first one has the first of January.
 */
export function weekNumber(start: DayKey): number {
  const anchor = weekdayOf(start) === 1 ? addDays(start, 3) : addDays(start, 6);
  const { year } = partsOf(anchor);
  return Math.floor(daysBetween(`${String(year).padStart(4, "0")}-01-01`, anchor) / 7) + 1;
}

export type Days = {
  /** By their time; in the order that they have where that is the same. */
  on: ReadonlyMap<DayKey, readonly Task[]>;
  /** What is still to be done without a due date, in the order that it has. */
  undated: readonly Task[];
};

export const NO_DAYS: Days = { on: new Map(), undated: [] };

/** `tasks` on their days in a zone. Lists that have not changed are those of `before`. */
export function daysWith(tasks: readonly Task[], zone: string, before: Days = NO_DAYS): Days {
  const on = new Map<DayKey, Task[]>();
  const undated: Task[] = [];
  for (const task of tasks) {
    const day = task.due_at === null ? "" : dayOfIso(task.due_at, zone);
    if (day === "" && (task.status === "completed" || task.status === "cancelled")) continue;
    const list = day === "" ? undated : on.get(day);
    if (list === undefined) on.set(day, [task]);
    else list.push(task);
  }
  const kept = new Map<DayKey, readonly Task[]>();
  for (const [day, list] of on) {
    list.sort((a, b) => Date.parse(a.due_at ?? "") - Date.parse(b.due_at ?? ""));
    kept.set(day, same(before.on.get(day), list));
  }
  return { on: kept, undated: same(before.undated, undated) };
}

function same(before: readonly Task[] | undefined, now: readonly Task[]): readonly Task[] {
  if (before === undefined || before.length !== now.length) return now;
  return before.every((task, i) => task === now[i]) ? before : now;
}

/** How many of `count` tasks are shown where `room` lines are, one of which may be "+7". */
export const fitting = (count: number, room: number): number =>
  count <= room ? count : Math.max(room - 1, 0);

/** Which day a key leads to from `day`; undefined for keys that lead nowhere. */
export function dayOfKey(
  key: string,
  day: DayKey,
  { rtl, weekStart }: { rtl: boolean; weekStart: number },
): DayKey | undefined {
  switch (key) {
    case "ArrowLeft":
      return addDays(day, rtl ? 1 : -1);
    case "ArrowRight":
      return addDays(day, rtl ? -1 : 1);
    case "ArrowUp":
      return addDays(day, -7);
    case "ArrowDown":
      return addDays(day, 7);
    case "Home":
      return startOfWeek(day, weekStart);
    case "End":
      return addDays(startOfWeek(day, weekStart), 6);
    case "PageUp":
      return addMonths(day, -1);
    case "PageDown":
      return addMonths(day, 1);
    default:
      return undefined;
  }
}

export type AgendaRow =
  | { kind: "day"; key: string; day: DayKey; count: number }
  | { kind: "undated"; key: string; count: number; open: boolean }
  | { kind: "task"; key: string; task: Task };

/** The days that have tasks, and today, one below the other; then what has no date. */
export function agendaOf(
  days: readonly DayKey[],
  today: DayKey,
  { on, undated }: Days,
  undatedOpen: boolean,
): AgendaRow[] {
  const rows: AgendaRow[] = [];
  const add = (task: Task) => rows.push({ kind: "task", key: task.id, task });
  for (const day of days) {
    const tasks = on.get(day) ?? [];
    if (tasks.length === 0 && day !== today) continue;
    rows.push({ kind: "day", key: day, day, count: tasks.length });
    tasks.forEach(add);
  }
  if (undated.length > 0) {
    rows.push({ kind: "undated", key: "undated", count: undated.length, open: undatedOpen });
    if (undatedOpen) undated.forEach(add);
  }
  return rows;
}
