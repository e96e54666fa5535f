import { expect, test } from "vitest";
import { grouped } from "./problems";

test("the same is said once, with how often and where in all", () => {
  const problem = (kind: string, meaning: string, count: number, ...examples: string[]) => ({
    kind,
    meaning,
    count,
    examples,
  });
  const list = [
    problem("bad_records", "cannot be read", 1, "line 7"),
    problem("lost/a", "has no place here", 452, "A-1", "A-2"),
    problem("long_title", "too long", 3, "A-9"),
    problem("lost/b", "has no place here", 1951, "A-2", "A-3"),
  ];
  expect(grouped(list, ({ meaning }) => meaning)).toEqual([
    { said: "cannot be read", bad: true, count: 1, examples: ["line 7"] },
    { said: "has no place here", bad: false, count: 2403, examples: ["A-1", "A-2", "A-3"] },
    { said: "too long", bad: false, count: 3, examples: ["A-9"] },
  ]);
});
