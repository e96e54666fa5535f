import { expect, test } from "vitest";
import { pendingComments } from "@/replica/hooks";
import type { Entry } from "@/replica/model";
import { type Comment, merged } from "./comments";

const comment = (id: string, body = id): Comment => ({
  id,
  task_id: "t",
  author_id: "ada",
  body,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  version: 1,
});
const brief = (list: ReturnType<typeof merged>) => list.map((c) => [c.id, c.body, c.waiting]);

test("what waits stands on top of what the server has", () => {
  const shown = merged(
    [comment("a"), comment("b"), comment("c")],
    [
      { id: "b", op: "update", body: "better", done: false },
      { id: "c", op: "delete", body: "", done: false },
      { id: "d", op: "create", body: "new", done: false },
    ],
    "me",
  );
  expect(brief(shown)).toEqual([
    ["a", "a", false],
    ["b", "better", true],
    ["d", "new", true],
  ]);
  expect(shown[2]?.author_id).toBe("me");
});

test("what the list has by now is there once", () => {
  const pending = [{ id: "a", op: "create" as const, body: "a", done: true }];
  expect(brief(merged([comment("a")], pending, "me"))).toEqual([["a", "a", false]]);
});

test("a comment made and changed before it was sent has the later text", () => {
  const pending = [
    { id: "a", op: "create" as const, body: "one", done: false },
    { id: "a", op: "update" as const, body: "two", done: false },
  ];
  expect(brief(merged([], pending, "me"))).toEqual([["a", "two", true]]);
  const removed = [...pending, { id: "a", op: "delete" as const, body: "", done: false }];
  expect(merged([], removed, "me")).toEqual([]);
});

test("what has been removed is there again as soon as that is undone", () => {
  const of = (key: string, state: Entry["state"], work: Entry["work"]): Entry => ({
    key,
    order: 0,
    workspaceId: "w",
    work,
    state,
  });
  const removal = of("r", "done", { kind: "comment", op: "delete", taskId: "t", id: "a" });
  const shownWith = (...more: Entry[]) =>
    brief(merged([comment("a")], pendingComments([removal, ...more], "w", "t"), "me"));
  expect(shownWith()).toEqual([]);
  expect(shownWith(of("u", "waiting", { kind: "undo", of: "r" }))).toEqual([]);
  expect(shownWith(of("u", "done", { kind: "undo", of: "r" }))).toEqual([["a", "a", false]]);
});
