/** The rows of a timeline: groups, in them tasks by their start, sub-tasks below their parents. */

import { STATUSES, type Task } from "@/replica/model";
import type { Bar } from "./bars";

export const GROUPINGS = ["project", "assignee", "status"] as const;
export type Grouping = (typeof GROUPINGS)[number];
export const readGrouping = (value: unknown): Grouping =>
  GROUPINGS.find((one) => one === value) ?? "project";

export const NONE = "none";

export type Row =
  | { kind: "group"; key: string; group: string; count: number; open: boolean }
  | { kind: "task"; key: string; task: Task; bar: Bar; depth: number; group: string };

export function groupOf(task: Task, by: Grouping): string {
  switch (by) {
    case "project":
      return task.project_id ?? NONE;
    case "assignee":
      return task.assignee_id ?? NONE;
    case "status":
      return task.status;
  }
}

// Deeper ones are as far in: on a phone there is no room, and no loop goes further.
const DEEPEST = 8;

/**
 * A sub-task stands below its parent where both are in one group, else by itself. Groups of a
 * status have its order, others that of their names; what is of none comes last.
 */
export function rowsOf(
  tasks: readonly Task[],
  by: Grouping,
  barFor: (task: Task) => Bar,
  nameOf: (group: string) => string,
  closed: ReadonlySet<string>,
): Row[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const group = groupOf(task, by);
    const list = groups.get(group);
    if (list === undefined) groups.set(group, [task]);
    else list.push(task);
  }
  const rows: Row[] = [];
  for (const group of inOrder([...groups.keys()], by, nameOf)) {
    const list = groups.get(group) ?? [];
    const open = !closed.has(group);
    rows.push({ kind: "group", key: `group:${group}`, group, count: list.length, open });
    if (open) for (const row of family(list, barFor, group)) rows.push(row);
  }
  return rows;
}

function family(list: readonly Task[], barFor: (task: Task) => Bar, group: string): Row[] {
  const bars = new Map(list.map((task) => [task.id, barFor(task)]));
  const start = ({ id }: Task) => bars.get(id)?.from ?? "";
  const sorted = [...list].sort((a, b) => (start(a) < start(b) ? -1 : start(a) > start(b) ? 1 : 0));
  const children = new Map<string, Task[]>();
  const roots: Task[] = [];
  for (const task of sorted) {
    const parent = task.parent_id;
    if (parent === null || !bars.has(parent)) {
      roots.push(task);
      continue;
    }
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [task]);
    else siblings.push(task);
  }
  const rows: Row[] = [];
  const placed = new Set<string>();
  const place = (task: Task, depth: number) => {
    const bar = bars.get(task.id);
    if (bar === undefined || placed.has(task.id)) return;
    placed.add(task.id);
    rows.push({ kind: "task", key: task.id, task, bar, depth: Math.min(depth, DEEPEST), group });
    for (const child of children.get(task.id) ?? []) place(child, depth + 1);
  };
  for (const task of roots) place(task, 0);
  // What is its own ancestor, for a moment of two changes, is not left out.
  for (const task of sorted) place(task, 0);
  return rows;
}

function inOrder(groups: string[], by: Grouping, nameOf: (group: string) => string): string[] {
  if (by === "status") return STATUSES.filter((status) => groups.includes(status));
  const last = (group: string) => Number(group === NONE);
  return groups.sort((a, b) => last(a) - last(b) || nameOf(a).localeCompare(nameOf(b)));
}
