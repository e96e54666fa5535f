/** Where a card stands while it is moved, and where it lands: on the columns, not on the screen. */

import type { Task } from "@/replica/model";
import type { Column } from "./columns";

/** A card: a task has several where it has several labels. */
export type Card = { column: string; taskId: string };
/** `index`: in front of which of the column's tasks it lands, the moved one not counted. */
export type Place = { column: string; index: number };
export type Step = "up" | "down" | "before" | "after" | "first" | "last";

const columnOf = (columns: readonly Column[], key: string) =>
  columns.find((column) => column.key === key);

/** The column's tasks without the one that is moved. */
export const others = (column: Column | undefined, taskId: string): readonly Task[] =>
  column?.tasks.filter((task) => task.id !== taskId) ?? [];

/** Where the card is. */
export function placeOf(columns: readonly Column[], card: Card): Place {
  const tasks = columnOf(columns, card.column)?.tasks ?? [];
  const index = tasks.findIndex((task) => task.id === card.taskId);
  return { column: card.column, index: Math.max(index, 0) };
}

/**
 * The place one step further: `up` and `down` within the column, `before` and `after` to the next
 * column that is not in `closed`, at about the same height. The same place at an edge.
 */
export function stepped(
  columns: readonly Column[],
  taskId: string,
  place: Place,
  step: Step,
  closed: ReadonlySet<string> = new Set(),
): Place {
  const length = others(columnOf(columns, place.column), taskId).length;
  const within = (index: number) => {
    const next = Math.min(Math.max(index, 0), length);
    return next === place.index ? place : { column: place.column, index: next };
  };
  switch (step) {
    case "up":
      return within(place.index - 1);
    case "down":
      return within(place.index + 1);
    case "first":
      return within(0);
    case "last":
      return within(length);
    default: {
      const next = neighbour(columns, place.column, step, closed);
      if (next === undefined) return place;
      const room = others(next, taskId).length;
      return { column: next.key, index: Math.min(place.index, room) };
    }
  }
}

/** The next open column on that side. */
export function neighbour(
  columns: readonly Column[],
  key: string,
  side: "before" | "after",
  closed: ReadonlySet<string> = new Set(),
): Column | undefined {
  const by = side === "before" ? -1 : 1;
  const start = columns.findIndex((column) => column.key === key);
  for (let i = start + by; i >= 0 && i < columns.length; i += by) {
    const column = columns[i];
    if (column !== undefined && !closed.has(column.key)) return column;
  }
  return undefined;
}

/** The neighbours that it lands between; undefined where nothing would change. */
export type Landing = { after?: Task; before?: Task };

export function landing(
  columns: readonly Column[],
  card: Card,
  place: Place,
  /** The task as it is now, undefined once it is gone: the columns may be some seconds old. */
  current: (id: string) => Task | undefined,
): Landing | undefined {
  const from = placeOf(columns, card);
  if (from.column === place.column && from.index === place.index) return undefined;
  const tasks = others(columnOf(columns, place.column), card.taskId);
  const at: Landing = {};
  for (let i = place.index - 1; i >= 0 && at.after === undefined; i--) {
    const task = current(tasks[i]?.id ?? "");
    // What the server has not seen yet has no place of its own.
    if (task !== undefined && task.version > 0) at.after = task;
  }
  for (let i = place.index; i < tasks.length && at.before === undefined; i++) {
    const task = current(tasks[i]?.id ?? "");
    if (task !== undefined && task.version > 0) at.before = task;
  }
  return between(at);
}

/** Somebody else may have moved the two meanwhile: between what stands the other way is no room. */
function between(at: Landing): Landing {
  if (at.after === undefined || at.before === undefined) return at;
  return at.after.position < at.before.position ? at : { after: at.after };
}

/** The card to focus one step from `card`, which is not being moved; undefined at an edge. */
export function neighbourCard(
  columns: readonly Column[],
  card: Card,
  step: Step,
  closed: ReadonlySet<string> = new Set(),
): Card | undefined {
  const { index } = placeOf(columns, card);
  const tasks = columnOf(columns, card.column)?.tasks ?? [];
  const at = (column: Column | undefined, i: number): Card | undefined => {
    const task = column?.tasks[i];
    return column && task && { column: column.key, taskId: task.id };
  };
  const column = columnOf(columns, card.column);
  switch (step) {
    case "up":
      return at(column, index - 1);
    case "down":
      return at(column, index + 1);
    case "first":
      return at(column, 0);
    case "last":
      return at(column, tasks.length - 1);
    default: {
      // Empty columns have no card to stand on.
      const empty = columns.filter((c) => c.tasks.length === 0).map((c) => c.key);
      const next = neighbour(columns, card.column, step, new Set([...closed, ...empty]));
      return next && at(next, Math.min(index, next.tasks.length - 1));
    }
  }
}
