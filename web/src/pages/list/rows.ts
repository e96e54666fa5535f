/** The rows of a list: tasks, and above each group of them a row that names it. */

import type { Group } from "@/parts/filters";
import { type Patch, PRIORITIES, STATUSES, type Task } from "@/replica/model";
import { DUES, dueOf, type Horizon } from "@/time/due";

export type GroupRow = { group: string; count: number; open: boolean };
export type Row = Task | GroupRow;

export const isGroup = (row: Row): row is GroupRow => "group" in row;
export const keyOf = (row: Row): string => (isGroup(row) ? `group:${row.group}` : row.id);

export const NONE = "none";

/** What a task is under, when grouped by `by`. */
export function groupOf(task: Task, by: Group, at: Horizon): string {
  switch (by) {
    case "status":
      return task.status;
    case "priority":
      return task.priority;
    case "project":
      return task.project_id ?? NONE;
    case "assignee":
      return task.assignee_id ?? NONE;
    case "due":
      return dueOf(task.due_at, at, task.status === "completed" || task.status === "cancelled");
  }
}

/** What makes a task be under `group`; null where that cannot be said. */
export function patchInto(group: string, by: Group): Patch | null {
  switch (by) {
    case "status":
      return { status: group as Task["status"] };
    case "priority":
      return { priority: group as Task["priority"] };
    case "project":
      return { project_id: group === NONE ? null : group };
    case "assignee":
      return { assignee_id: group === NONE ? null : group };
    case "due":
      return null;
  }
}

const ORDERS: Partial<Record<Group, readonly string[]>> = {
  status: STATUSES,
  priority: PRIORITIES,
  due: DUES,
};

/** Groups in their order: what has one by it, others by name; those without any are the last. */
function inOrder(groups: string[], by: Group, nameOf: (group: string) => string): string[] {
  const order = ORDERS[by];
  if (order) return groups.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const last = (group: string) => Number(group === NONE);
  return groups.sort((a, b) => last(a) - last(b) || nameOf(a).localeCompare(nameOf(b)));
}

/** `tasks` in groups, in the order that they have; the tasks of closed groups are left out. */
export function groupRows(
  tasks: readonly Task[],
  by: Group,
  at: Horizon,
  nameOf: (group: string) => string,
  closed: ReadonlySet<string>,
): Row[] {
  const members = new Map<string, Task[]>();
  for (const task of tasks) {
    const group = groupOf(task, by, at);
    const list = members.get(group);
    if (list === undefined) members.set(group, [task]);
    else list.push(task);
  }
  const rows: Row[] = [];
  for (const group of inOrder([...members.keys()], by, nameOf)) {
    const list = members.get(group) ?? [];
    const open = !closed.has(group);
    rows.push({ group, count: list.length, open });
    if (open) for (const task of list) rows.push(task);
  }
  return rows;
}

export type Place = { after: Task | undefined; before: Task | undefined; group: string | null };

/** Between which tasks something lands that is dropped in front of row `index`. */
export function placeAt(rows: readonly Row[], index: number, moved: Task): Place {
  const others = rows.filter((row) => row !== moved);
  const own = rows.indexOf(moved);
  const at = own !== -1 && own < index ? index - 1 : index;
  const [left, right] = [others[at - 1], others[at]];
  let group: string | null = null;
  for (let i = at - 1; i >= 0 && group === null; i -= 1) {
    const row = others[i];
    if (row !== undefined && isGroup(row)) group = row.group;
  }
  return {
    after: left !== undefined && !isGroup(left) ? left : undefined,
    before: right !== undefined && !isGroup(right) ? right : undefined,
    group,
  };
}

/**
 * Where that is among all tasks, filtered out or not: right behind the one shown in front of it, or
 * else right in front of the one shown behind it.
 */
export function neighbours(
  all: readonly Task[],
  place: Pick<Place, "after" | "before">,
  moved: Task,
): { after?: Task | undefined; before?: Task | undefined } {
  const others = all.filter((task) => task.id !== moved.id);
  const find = (task: Task) => others.findIndex((one) => one.id === task.id);
  if (place.after !== undefined) {
    const at = find(place.after);
    return { after: others[at], before: others[at + 1] };
  }
  if (place.before === undefined) return { after: others.at(-1) };
  const at = find(place.before);
  return { after: others[at - 1], before: others[at] };
}

/** The tasks from one row to another, both included. */
export function between(rows: readonly Row[], from: string, to: string): string[] {
  const a = rows.findIndex((row) => keyOf(row) === from);
  const b = rows.findIndex((row) => keyOf(row) === to);
  if (a === -1 || b === -1) return [to];
  return rows
    .slice(Math.min(a, b), Math.max(a, b) + 1)
    .flatMap((row) => (isGroup(row) ? [] : row.id));
}
