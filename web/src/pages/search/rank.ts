/** The order of what is found: whose title says it first, then what was changed last. */

import { wordsOf } from "@/parts/filters";
import { compare, spaced } from "@/parts/filters/matching";
import type { Task } from "@/replica/model";

const newest = compare("-updated_at");

export function ranked(tasks: readonly Task[], q: string): readonly Task[] {
  const words = wordsOf(q);
  const number = Number(q.trim().replace("#", ""));
  const scores = new Map<Task, number>();
  for (const task of tasks) {
    const title = spaced(task.title);
    const inTitle = words.filter((word) => title.includes(` ${word}`)).length;
    scores.set(task, task.number === number ? words.length + 1 : inTitle);
  }
  const score = (task: Task) => scores.get(task) ?? 0;
  return [...tasks].sort((a, b) => score(b) - score(a) || newest(a, b));
}
