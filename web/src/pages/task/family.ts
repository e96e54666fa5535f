/** Which tasks belong to which, and finding one by its number or title. */

import { compare } from "@/parts/filters/matching";
import type { Task } from "@/replica/model";

const byPosition = compare("position");

type Tasks = ReadonlyMap<string, Task>;

/** The sub-tasks of a task, in the order that people have dragged them into. */
export function childrenOf(tasks: Tasks, id: string): Task[] {
  const found: Task[] = [];
  for (const task of tasks.values()) if (task.parent_id === id) found.push(task);
  return found.sort(byPosition);
}

export const doneOf = (tasks: readonly Task[]): number =>
  tasks.filter((task) => task.status === "completed").length;

/** The task and everything below it: what it cannot be made a sub-task of. */
export function withDescendants(tasks: Tasks, id: string): ReadonlySet<string> {
  const below = new Map<string, string[]>();
  for (const task of tasks.values()) {
    if (task.parent_id === null) continue;
    const siblings = below.get(task.parent_id);
    if (siblings === undefined) below.set(task.parent_id, [task.id]);
    else siblings.push(task.id);
  }
  const found = new Set<string>();
  const next = [id];
  for (let one = next.pop(); one !== undefined; one = next.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    next.push(...(below.get(one) ?? []));
  }
  return found;
}

/**
 * Tasks for what was typed: the one of that number first, then those whose titles have all the
 * words, the newest first. What is in `without` is not offered.
 */
export function findTasks(
  tasks: Tasks,
  typed: string,
  without: ReadonlySet<string>,
  most: number,
): Task[] {
  const text = typed.trim().toLowerCase();
  const number = /^#?(\d{1,15})$/.exec(text)?.[1];
  const words = text.replace(/^#/, "").split(/\s+/u).filter(Boolean);
  const exact: Task[] = [];
  const others: Task[] = [];
  for (const task of tasks.values()) {
    if (without.has(task.id) || task.number === 0) continue;
    if (number !== undefined && task.number === Number(number)) exact.push(task);
    else {
      const title = task.title.toLowerCase();
      if (words.every((word) => title.includes(word))) others.push(task);
    }
  }
  others.sort((a, b) => b.number - a.number);
  return [...exact, ...others].slice(0, most);
}
