/** All tasks of a view in an order, quickly again after each change. */

import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { compare } from "./matching";
import type { Sort } from "./model";

type Kept = { sort: Sort; view: View; tasks: readonly Task[] };

// A view's map of tasks stays the same one; what it was in order a change ago nearly is so still.
const kept = new WeakMap<View["tasks"], Kept>();

function nearlySorted(view: View, before: readonly Task[]): Task[] {
  const tasks: Task[] = [];
  for (const { id } of before) {
    const task = view.tasks.get(id);
    if (task !== undefined) tasks.push(task);
  }
  if (tasks.length === view.tasks.size) return tasks;
  const seen = new Set(tasks);
  for (const task of view.tasks.values()) if (!seen.has(task)) tasks.push(task);
  return tasks;
}

export function ordered(view: View, sort: Sort): readonly Task[] {
  const before = kept.get(view.tasks);
  if (before?.view === view && before.sort === sort) return before.tasks;
  const tasks =
    before?.sort === sort ? nearlySorted(view, before.tasks) : Array.from(view.tasks.values());
  tasks.sort(compare(sort));
  kept.set(view.tasks, { sort, view, tasks });
  return tasks;
}
