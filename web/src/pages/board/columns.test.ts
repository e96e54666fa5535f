import { expect, test } from "vitest";
import { draft } from "@/replica/fold";
import type { Member, Patch, Task } from "@/replica/model";
import { columnsOf, keysOf, NONE, patchOfColumn, patchOfMove, readBy } from "./columns";

const lists = { members: [], projects: [], labels: [] };

function task(id: string, position: string, data: Patch = {}): Task {
  return { ...draft(id, data, "w", "me", "2026-01-01T00:00:00Z"), position };
}

const member = (user_id: string, more: Partial<Member> = {}) =>
  ({ user_id, name: user_id, is_active: true, placeholder: false, ...more }) as Member;

test("what the address says is a grouping, or the status", () => {
  expect([readBy("label"), readBy("nonsense"), readBy(undefined)]).toEqual([
    "label",
    "status",
    "status",
  ]);
});

test("each status has a column, in the order of positions, bytewise", () => {
  const columns = columnsOf(
    [task("1", "b1V"), task("2", "a9V"), task("3", "B1V"), task("4", "a9V")],
    "status",
    lists,
  );
  expect(columns.map((c) => c.key)).toEqual(["pending", "in_progress", "completed", "cancelled"]);
  expect(columns[0]?.tasks.map((t) => t.id)).toEqual(["3", "2", "4", "1"]);
});

test("a task with two labels stands in both columns, one without in a column of its own", () => {
  const labels = [{ id: "x" }, { id: "y" }] as never;
  const columns = columnsOf([task("1", "a", { label_ids: ["x", "y"] }), task("2", "b")], "label", {
    ...lists,
    labels,
  });
  expect(columns.map((c) => [c.key, c.tasks.map((t) => t.id)])).toEqual([
    [NONE, ["2"]],
    ["x", ["1"]],
    ["y", ["1"]],
  ]);
});

test("who cannot be given tasks has a column only with tasks", () => {
  const members = [
    member("ada"),
    member("gone", { is_active: false }),
    member("alias", { placeholder: true }),
  ];
  const keys = (tasks: Task[]) =>
    columnsOf(tasks, "assignee", { ...lists, members }).map((c) => c.key);
  expect(keys([])).toEqual([NONE, "ada"]);
  expect(keys([task("1", "a", { assignee_id: "alias" })])).toEqual([NONE, "ada", "alias"]);
});

test("what has not changed is the same object", () => {
  const tasks = [task("1", "a"), task("2", "b", { status: "completed" })];
  const before = columnsOf(tasks, "status", lists);
  expect(columnsOf([...tasks], "status", lists, before)).toBe(before);
  const moved = { ...(tasks[0] as Task), title: "other" };
  const after = columnsOf([moved, tasks[1] as Task], "status", lists, before);
  expect(after[0]).not.toBe(before[0]);
  expect(after[2]).toBe(before[2]);
});

test("a new task has what its column stands for", () => {
  expect(patchOfColumn("status", "completed")).toEqual({ status: "completed" });
  expect(patchOfColumn("assignee", NONE)).toEqual({ assignee_id: null });
  expect(patchOfColumn("label", "x")).toEqual({ label_ids: ["x"] });
});

test("a moved task gets what the column stands for, and nothing within one", () => {
  const one = task("1", "a", { label_ids: ["x", "y"] });
  expect(patchOfMove(one, "status", "pending", "pending")).toEqual({});
  expect(patchOfMove(one, "priority", "medium", "urgent")).toEqual({ priority: "urgent" });
  expect(patchOfMove(one, "project", "p", NONE)).toEqual({ project_id: null });
});

test("one label takes the place of another; the other labels stay", () => {
  const one = task("1", "a", { label_ids: ["x", "y"] });
  expect(patchOfMove(one, "label", "x", "z")).toEqual({ label_ids: ["y", "z"] });
  expect(patchOfMove(one, "label", "x", "y")).toEqual({ label_ids: ["y"] });
  expect(patchOfMove(one, "label", NONE, "z")).toEqual({ label_ids: ["x", "y", "z"] });
  expect(patchOfMove(one, "label", "x", NONE)).toEqual({ label_ids: [] });
});

test("a moved task stands in the column that it was moved to", () => {
  const one = task("1", "a", { label_ids: ["x", "y"] });
  for (const to of ["y", "z", NONE]) {
    const after = { ...one, ...patchOfMove(one, "label", "x", to) };
    expect(keysOf(after, "label")).toContain(to);
    expect(keysOf(after, "label")).not.toContain("x");
  }
});
