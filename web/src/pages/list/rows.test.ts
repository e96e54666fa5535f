import { describe, expect, it } from "vitest";
import type { Task } from "@/replica/model";
import { horizon } from "@/time/due";
import { nextSort } from "./HeaderRow";
import { between, type GroupRow, groupRows, isGroup, neighbours, patchInto, placeAt } from "./rows";

const NOW = horizon(Date.parse("2026-11-25T09:00:00Z"), "Europe/Berlin", 1);
const task = (id: string, fields: Partial<Task> = {}): Task =>
  ({ id, status: "pending", project_id: null, due_at: null, position: id, ...fields }) as Task;
const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => task(id)) as [Task, Task, Task, Task];
const words = (rows: readonly (Task | GroupRow)[]) =>
  rows.map((row) => (isGroup(row) ? `${row.group}(${row.count})` : row.id)).join(" ");
const named = (group: string) => ({ p: "Zander", q: "Aal" })[group] ?? group;

describe("groups", () => {
  it("stand in their own order, with their tasks in the list's", () => {
    const tasks = [
      task("a", { status: "completed" }),
      task("b"),
      task("c", { status: "completed" }),
    ];
    expect(words(groupRows(tasks, "status", NOW, named, new Set()))).toBe(
      "pending(1) b completed(2) a c",
    );
  });

  it("are sorted by name, without any last", () => {
    const tasks = [task("a"), task("b", { project_id: "p" }), task("c", { project_id: "q" })];
    expect(words(groupRows(tasks, "project", NOW, named, new Set()))).toBe(
      "q(1) c p(1) b none(1) a",
    );
  });

  it("show no tasks while they are closed", () => {
    expect(words(groupRows([a, b], "status", NOW, named, new Set(["pending"])))).toBe("pending(2)");
  });

  it("of due dates go by the clock", () => {
    const tasks = [
      task("a", { due_at: "2026-11-25T22:00:00Z" }),
      task("b", { due_at: "2026-11-25T08:00:00Z" }),
      task("c", { due_at: "2026-11-25T08:00:00Z", status: "completed" }),
    ];
    expect(words(groupRows(tasks, "due", NOW, named, new Set()))).toBe("overdue(1) b today(2) a c");
    expect(patchInto("today", "due")).toBeNull();
    expect(patchInto("none", "project")).toEqual({ project_id: null });
  });
});

describe("where a task lands", () => {
  const rows = [a, b, c, d];
  it("is between the rows around the gap, itself not counted", () => {
    expect(placeAt(rows, 3, a)).toEqual({ after: c, before: d, group: null });
    expect(placeAt(rows, 1, d)).toEqual({ after: a, before: b, group: null });
    expect(placeAt(rows, 0, c)).toEqual({ after: undefined, before: a, group: null });
    expect(placeAt(rows, 4, a)).toEqual({ after: d, before: undefined, group: null });
  });

  it("is in the group above it", () => {
    const grouped = groupRows(
      [a, task("x", { status: "completed" })],
      "status",
      NOW,
      named,
      new Set(),
    );
    expect(placeAt(grouped, 4, a).group).toBe("completed");
    expect(placeAt(grouped, 2, a)).toEqual({
      after: undefined,
      before: undefined,
      group: "pending",
    });
  });

  it("is beside the one that is seen, whatever the filter hides", () => {
    expect(neighbours(rows, { after: a, before: d }, c)).toEqual({ after: a, before: b });
    expect(neighbours(rows, { after: undefined, before: c }, a)).toEqual({ after: b, before: c });
    expect(neighbours(rows, { after: d, before: undefined }, a)).toEqual({ after: d });
  });
});

it("selects from one row to another, in either direction, without groups", () => {
  const rows = groupRows([a, task("x", { status: "completed" })], "status", NOW, named, new Set());
  expect(between(rows, "x", "a")).toEqual(["a", "x"]);
  expect(between(rows, "gone", "a")).toEqual(["a"]);
});

it("sorts one way, then the other, then by hand", () => {
  expect(nextSort("position", "title")).toBe("title");
  expect(nextSort("title", "title")).toBe("-title");
  expect(nextSort("-title", "title")).toBe("position");
  expect(nextSort("title", "priority")).toBe("-priority");
});
