/** A board's columns: which there are, what is in each, and what a task becomes in one. */

import { compare } from "@/parts/filters/matching";
import {
  type Label,
  type Member,
  type Patch,
  PRIORITIES,
  type Priority,
  type Project,
  STATUSES,
  type Status,
  type Task,
} from "@/replica/model";

export type By = "status" | "priority" | "assignee" | "label" | "project";
export const BYS: readonly By[] = ["status", "priority", "assignee", "label", "project"];
/** The column of tasks that have none of what the others stand for. */
export const NONE = "none";

/** `key`: a status, a priority, an id, or `NONE`. */
export type Column = { key: string; tasks: readonly Task[] };
export type Lists = {
  members: readonly Member[];
  projects: readonly Project[];
  labels: readonly Label[];
};

export const readBy = (value: unknown): By => BYS.find((by) => by === value) ?? "status";

/** The keys of the columns that a task stands in: several only where it has several labels. */
export function keysOf(task: Task, by: By): readonly string[] {
  switch (by) {
    case "status":
      return [task.status];
    case "priority":
      return [task.priority];
    case "assignee":
      return [task.assignee_id ?? NONE];
    case "project":
      return [task.project_id ?? NONE];
    case "label":
      return task.label_ids.length === 0 ? [NONE] : task.label_ids;
  }
}

const byPosition = compare("position");

/** Whom tasks can be given to; others have a column only while they have tasks. */
const takesTasks = (member: Member) => member.is_active && !member.placeholder;

function offered(by: By, lists: Lists): string[] {
  switch (by) {
    case "status":
      return [...STATUSES];
    case "priority":
      return [...PRIORITIES];
    case "assignee":
      return [NONE, ...lists.members.filter(takesTasks).map((m) => m.user_id)];
    case "project":
      return [NONE, ...lists.projects.filter((p) => !p.archived).map((p) => p.id)];
    case "label":
      return [NONE, ...lists.labels.map((label) => label.id)];
  }
}

/**
 * The columns for `tasks`, each in the order that people have dragged its tasks into. Columns that
 * have not changed are those of `before`, the same objects.
 */
export function columnsOf(
  tasks: readonly Task[],
  by: By,
  lists: Lists,
  before: readonly Column[] = [],
): readonly Column[] {
  const found = new Map<string, Task[]>(offered(by, lists).map((key) => [key, []]));
  for (const task of [...tasks].sort(byPosition)) {
    for (const key of keysOf(task, by)) {
      const column = found.get(key);
      if (column === undefined) found.set(key, [task]);
      else column.push(task);
    }
  }
  const known = new Map(before.map((column) => [column.key, column]));
  const columns = Array.from(found, ([key, inside]) => {
    const old = known.get(key);
    return old !== undefined && sameTasks(old.tasks, inside) ? old : { key, tasks: inside };
  });
  const unchanged =
    columns.length === before.length && columns.every((column, i) => column === before[i]);
  return unchanged ? before : columns;
}

const sameTasks = (a: readonly Task[], b: readonly Task[]) =>
  a.length === b.length && a.every((task, i) => task === b[i]);

/** What a new task in the column has. */
export function patchOfColumn(by: By, key: string): Patch {
  const value = key === NONE ? null : key;
  switch (by) {
    case "status":
      return { status: key as Status };
    case "priority":
      return { priority: key as Priority };
    case "assignee":
      return { assignee_id: value };
    case "project":
      return { project_id: value };
    case "label":
      return { label_ids: value === null ? [] : [value] };
  }
}

/**
 * What becomes of a task that goes from one column to another. Of its labels the one that it comes
 * from is replaced; in the column without labels it has none.
 */
export function patchOfMove(task: Task, by: By, from: string, to: string): Patch {
  if (from === to) return {};
  if (by !== "label" || to === NONE) return patchOfColumn(by, to);
  const others = task.label_ids.filter((id) => id !== from && id !== to);
  return { label_ids: [...others, to] };
}
