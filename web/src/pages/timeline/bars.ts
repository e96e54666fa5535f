/** What a timeline shows of a task, and where. */

import type { Task } from "@/replica/model";
import {
  addDays,
  addMonths,
  type DayKey,
  dayOf,
  daysBetween,
  dueOn,
  momentOf,
  moveDays,
  partsOf,
  startOfMonth,
  startOfWeek,
} from "@/time/dates";

export type Zoom = "weeks" | "months" | "quarters";
export const ZOOMS: readonly Zoom[] = ["weeks", "months", "quarters"];
export const readZoom = (value: unknown): Zoom => ZOOMS.find((zoom) => zoom === value) ?? "months";

/** How wide a day is, in pixels. */
export const DAY_PX: Record<Zoom, number> = { weeks: 36, months: 10, quarters: 3.5 };

/** `open`: it has no due date, and has not been closed; its bar ends today. */
export type Kind = "due" | "overdue" | "open" | "completed" | "cancelled";
/** From the first to the last day, both included. `due`: the day of the due date, if it has one. */
export type Bar = { kind: Kind; from: DayKey; to: DayKey; due: DayKey | null };

const isClosed = ({ status }: Task) => status === "completed" || status === "cancelled";

export const earlier = (a: DayKey, b: DayKey): DayKey => (a < b ? a : b);
export const later = (a: DayKey, b: DayKey): DayKey => (a > b ? a : b);

/** From when a task was made to when it is due, or was completed; a task due before that is a day. */
export function barOf(task: Task, now: number, zone: string): Bar {
  const today = dayOf(now, zone);
  const made = dayOf(momentOf(task.created_at), zone);
  const due = task.due_at === null ? null : dayOf(momentOf(task.due_at), zone);
  const done = task.completed_at === null ? null : dayOf(momentOf(task.completed_at), zone);
  const kind = kindOf(task, now);
  const closedTo = kind === "completed" ? (done ?? due) : due;
  const to = isClosed(task) ? (closedTo ?? made) : (due ?? today);
  return { kind, from: earlier(to, made), to, due };
}

function kindOf(task: Task, now: number): Kind {
  if (task.status === "completed" || task.status === "cancelled") return task.status;
  if (task.due_at === null) return "open";
  return momentOf(task.due_at) < now ? "overdue" : "due";
}

/** Whether the end of the bar is a date that people set. */
export const hasHandle = ({ kind }: Bar): boolean => kind !== "completed" && kind !== "cancelled";

/** The due date that many days later, at the same time of the clock; counted from today if it had none. */
export const dueMoved = (task: Task, days: number, today: DayKey, zone: string): string =>
  task.due_at === null ? dueOn(addDays(today, days), zone) : moveDays(task.due_at, days, zone);

/** The days that are shown: all bars, today, and some room on both sides. */
export type Span = { from: DayKey; days: number };

// A due date in the year 9999 is a slip of somebody's, and would make everything else a dot.
const MOST_DAYS = 366 * 40;
const ROOM: Record<Zoom, number> = { weeks: 14, months: 45, quarters: 120 };

export function spanOf(bars: Iterable<Bar>, today: DayKey, zoom: Zoom): Span {
  let [first, last] = [today, today];
  const [earliest, latest] = [addDays(today, -MOST_DAYS), addDays(today, MOST_DAYS / 4)];
  for (const { from, to } of bars) {
    if (from < first) first = later(from, earliest);
    if (to > last) last = earlier(to, latest);
  }
  const from = startOfMonth(addDays(first, -ROOM[zoom]));
  return { from, days: daysBetween(from, addDays(last, 2 * ROOM[zoom])) };
}

/** How far a day begins from the start of a span, in pixels. */
export const offsetOf = (day: DayKey, span: Span, px: number): number =>
  daysBetween(span.from, day) * px;

export const widthOf = ({ from, to }: Bar, px: number): number => (daysBetween(from, to) + 1) * px;

export type Tick = { day: DayKey; days: number; strong: boolean };

/** The first and the second line of the scale between two days. */
export function ticksOf(from: DayKey, to: DayKey, zoom: Zoom, weekStart: number) {
  const months = steps(startOfMonth(from), to, (day) => addMonths(day, 1));
  const years = steps(`${from.slice(0, 4)}-01-01`, to, (day) => addMonths(day, 12));
  const strong = (ticks: Tick[]) =>
    ticks.map((tick) => ({ ...tick, strong: partsOf(tick.day).month === 1 }));
  switch (zoom) {
    case "weeks":
      return { coarse: months, fine: steps(from, to, (day) => addDays(day, 1)) };
    case "months":
      return {
        coarse: months,
        fine: steps(startOfWeek(from, weekStart), to, (day) => addDays(day, 7)),
      };
    case "quarters":
      return { coarse: years, fine: strong(months) };
  }
}

function steps(first: DayKey, to: DayKey, next: (day: DayKey) => DayKey): Tick[] {
  const ticks: Tick[] = [];
  for (let day = first; day <= to; ) {
    const after = next(day);
    if (after <= day) break;
    ticks.push({ day, days: daysBetween(day, after), strong: false });
    day = after;
  }
  return ticks;
}
