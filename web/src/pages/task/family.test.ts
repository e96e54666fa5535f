import { expect, test } from "vitest";
import { draft } from "@/replica/fold";
import type { Patch, Task } from "@/replica/model";
import { childrenOf, doneOf, findTasks, withDescendants } from "./family";

function task(id: string, number: number, data: Patch, position = id): Task {
  return { ...draft(id, data, "w", "me", "2026-01-01T00:00:00Z"), number, position };
}
const tasks = new Map(
  [
    task("a", 1, { title: "Paint the boats" }),
    task("b", 2, { title: "Sand them", parent_id: "a", status: "completed" }, "z"),
    task("c", 12, { title: "Buy paint, 1 litre", parent_id: "a" }, "Z"),
    task("d", 21, { title: "Find the shop", parent_id: "c" }),
    task("e", 0, { title: "Paint anew" }),
  ].map((one) => [one.id, one]),
);
const numbers = (typed: string, without: string[] = []) =>
  findTasks(tasks, typed, new Set(without), 10).map((one) => one.number);

test("sub-tasks by position, bytewise", () => {
  const children = childrenOf(tasks, "a");
  expect(children.map((one) => one.id)).toEqual(["c", "b"]);
  expect(doneOf(children)).toBe(1);
});

test("everything below a task, circles included", () => {
  expect([...withDescendants(tasks, "a")].sort()).toEqual(["a", "b", "c", "d"]);
  const circle = new Map(tasks).set("a", task("a", 1, { parent_id: "d" }));
  expect(withDescendants(circle, "a").size).toBe(4);
});

test("found by number first, then by words; nothing that has no number yet", () => {
  expect(numbers("#1")).toEqual([1, 12]);
  expect(numbers("2")).toEqual([2]);
  expect(numbers("PAINT")).toEqual([12, 1]);
  expect(numbers("the paint")).toEqual([1]);
  expect(numbers("paint", ["c"])).toEqual([1]);
  expect(numbers("")).toEqual([21, 12, 2, 1]);
});
