import { expect, test } from "vitest";
import { draft } from "@/replica/fold";
import type { Task } from "@/replica/model";
import type { Column } from "./columns";
import { landing, neighbour, neighbourCard, placeOf, stepped } from "./moves";

const task = (id: string): Task => ({
  ...draft(id, {}, "w", "me", "2026-01-01T00:00:00Z"),
  position: `${id}V`,
  version: 1,
});
const column = (key: string, ids: string): Column => ({ key, tasks: Array.from(ids, task) });
const columns = [column("one", "abc"), column("two", ""), column("three", "xyz")];
const card = (key: string, taskId: string) => ({ column: key, taskId });
const current = (id: string) => (id === "" ? undefined : task(id));
const ids = (at: ReturnType<typeof landing>) => at && [at.after?.id, at.before?.id];

test("up and down end at the edges", () => {
  const start = placeOf(columns, card("one", "b"));
  expect(start).toEqual({ column: "one", index: 1 });
  const up = stepped(columns, "b", start, "up");
  expect(up.index).toBe(0);
  expect(stepped(columns, "b", up, "up")).toBe(up);
  // The moved one not counted, there are two: the last place is behind both.
  const down = stepped(columns, "b", start, "down");
  expect(down.index).toBe(2);
  expect(stepped(columns, "b", down, "down")).toBe(down);
});

test("first and last", () => {
  const start = placeOf(columns, card("three", "x"));
  expect(stepped(columns, "x", start, "last").index).toBe(2);
  expect(stepped(columns, "x", { column: "one", index: 3 }, "first")).toEqual({
    column: "one",
    index: 0,
  });
});

test("to the next column at the same height, as far as it reaches", () => {
  const start = placeOf(columns, card("one", "c"));
  const two = stepped(columns, "c", start, "after");
  expect(two).toEqual({ column: "two", index: 0 });
  expect(stepped(columns, "c", start, "after", new Set(["two"]))).toEqual({
    column: "three",
    index: 2,
  });
  expect(stepped(columns, "c", start, "before")).toBe(start);
  // Behind the last card of the column, which the moved one is not among.
  expect(stepped(columns, "c", { column: "one", index: 9 }, "after", new Set(["two"])).index).toBe(
    3,
  );
});

test("lands between its new neighbours", () => {
  const lands = (key: string, id: string, to: string, index: number) =>
    ids(landing(columns, card(key, id), { column: to, index }, current));
  expect(lands("one", "a", "three", 1)).toEqual(["x", "y"]);
  expect(lands("one", "a", "three", 0)).toEqual([undefined, "x"]);
  expect(lands("one", "a", "three", 3)).toEqual(["z", undefined]);
  expect(lands("one", "a", "two", 0)).toEqual([undefined, undefined]);
  expect(lands("one", "a", "one", 1)).toEqual(["b", "c"]);
  expect(lands("one", "c", "one", 0)).toEqual([undefined, "a"]);
});

test("back where it came from changes nothing", () => {
  expect(landing(columns, card("one", "b"), { column: "one", index: 1 }, current)).toBeUndefined();
});

test("neighbours that have gone meanwhile are passed over", () => {
  const without = (id: string) => (id === "y" || id === "" ? undefined : task(id));
  expect(ids(landing(columns, card("one", "a"), { column: "three", index: 2 }, without))).toEqual([
    "x",
    "z",
  ]);
});

test("a task that the server has not seen yet is no neighbour", () => {
  const unsent = (id: string) => (id === "z" ? { ...task("z"), version: 0 } : current(id));
  expect(ids(landing(columns, card("one", "a"), { column: "three", index: 3 }, unsent))).toEqual([
    "y",
    undefined,
  ]);
});

test("neighbours that have changed places meanwhile leave room behind the first", () => {
  const swapped = (id: string) => (id === "x" ? { ...task("x"), position: "zzV" } : current(id));
  expect(ids(landing(columns, card("one", "a"), { column: "three", index: 1 }, swapped))).toEqual([
    "x",
    undefined,
  ]);
});

test("focus goes from card to card, over empty and closed columns", () => {
  const from = card("one", "c");
  expect(neighbourCard(columns, from, "up")?.taskId).toBe("b");
  expect(neighbourCard(columns, from, "down")).toBeUndefined();
  expect(neighbourCard(columns, from, "after")).toEqual(card("three", "z"));
  expect(neighbourCard(columns, from, "after", new Set(["three"]))).toBeUndefined();
  expect(neighbourCard(columns, card("three", "z"), "first")?.taskId).toBe("x");
  expect(neighbour(columns, "three", "before", new Set(["two"]))?.key).toBe("one");
});
