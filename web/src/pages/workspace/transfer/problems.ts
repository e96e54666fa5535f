/** What is not taken from a file as it stands, as it is said. */

import type { Import } from "./queries";

type Problem = Import["problems"][number];
export type Group = { said: string; bad: boolean; count: number; examples: string[] };

/** One for each sentence: kinds of which the same is said are counted together. */
export function grouped(list: readonly Problem[], words: (problem: Problem) => string): Group[] {
  const groups = new Map<string, Group>();
  for (const problem of list) {
    const said = words(problem);
    const group = groups.get(said) ?? { said, bad: false, count: 0, examples: [] };
    group.bad ||= problem.kind === "bad_records";
    group.count += problem.count;
    group.examples = [...new Set([...group.examples, ...problem.examples])];
    groups.set(said, group);
  }
  return [...groups.values()];
}
