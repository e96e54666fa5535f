import { expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import type { Task } from "@/replica/model";
import { type HistoryNames, takenBack, wordsOf } from "./history";

const names: HistoryNames = {
  status: (value) => `S:${value}`,
  priority: (value) => `P:${value}`,
  member: (id) => `M:${id}`,
  project: (id) => `J:${id}`,
  label: (id) => `L:${id}`,
  task: (id) => `T:${id}`,
  time: (iso) => iso.slice(0, 10),
  recurrence: () => "weekly",
};
const entry = (op: "create" | "update" | "delete", changes: Record<string, [unknown, unknown]>) =>
  ({
    seq: 1,
    at: "2026-01-01T00:00:00Z",
    actor_id: null,
    op,
    changes: Object.fromEntries(
      Object.entries(changes).map(([name, [before, after]]) => [name, { before, after }]),
    ),
  }) as Schemas["HistoryEntry"];

test("values have names, and nothing is null", () => {
  const said = wordsOf(
    entry("update", {
      assignee_id: [null, "ada"],
      status: ["pending", "completed"],
      due_at: ["2026-11-22T09:00:00Z", null],
      completed_at: [null, "2026-01-01T00:00:00Z"],
    }),
    names,
  );
  expect(said).toEqual([
    { field: "status", kind: "value", before: "S:pending", after: "S:completed" },
    { field: "assignee_id", kind: "value", before: null, after: "M:ada" },
    { field: "due_at", kind: "value", before: "2026-11-22", after: null },
  ]);
});

test("labels are added and taken away one by one", () => {
  expect(
    wordsOf(
      entry("update", {
        label_ids: [
          ["x", "y"],
          ["y", "z"],
        ],
      }),
      names,
    ),
  ).toEqual([{ field: "label_ids", kind: "list", added: ["L:z"], removed: ["L:x"] }]);
  expect(
    wordsOf(
      entry("update", {
        label_ids: [
          ["x", "y"],
          ["y", "x"],
        ],
      }),
      names,
    ),
  ).toEqual([]);
});

test("texts come whole, to be compared", () => {
  expect(wordsOf(entry("update", { description: [null, "new"] }), names)).toEqual([
    { field: "description", kind: "text", before: "", after: "new" },
  ]);
});

test("a made task says what it was made with, and not what every task is", () => {
  const made = entry("create", {
    title: [null, "Paint"],
    status: [null, "pending"],
    priority: [null, "urgent"],
    description: [null, ""],
    label_ids: [null, []],
    position: [null, "a1V"],
    number: [null, 7],
  });
  expect(wordsOf(made, names)).toEqual([
    { field: "priority", kind: "value", before: null, after: "P:urgent" },
  ]);
});

test("a removed task says nothing, a moved one that it was moved", () => {
  expect(wordsOf(entry("delete", { title: ["Paint", null] }), names)).toEqual([]);
  expect(wordsOf(entry("update", { position: ["a", "b"] }), names)).toEqual([
    { field: "position", kind: "moved" },
  ]);
});

test("a change is taken back as long as nothing stands in the way", () => {
  const task = { recurrence: null } as Task;
  const entries = [
    entry("create", { title: [null, "Boats"], priority: [null, "medium"] }),
    entry("update", { priority: ["medium", "high"], assignee_id: [null, "ada"] }),
    entry("update", { title: ["Boats", "Oars"], status: ["pending", "completed"] }),
    entry("update", { priority: ["high", "low"] }),
    entry("update", { completed_at: [null, "2026-01-01T00:00:00Z"] }),
  ];
  expect(entries.map((_, at) => takenBack(entries, at, task))).toEqual([
    null,
    null,
    { title: "Boats", status: "pending" },
    { priority: "high" },
    null,
  ]);
  const repeats = { recurrence: { rule: "FREQ=DAILY" } } as Task;
  expect(takenBack(entries, 2, repeats)).toBeNull();
  expect(takenBack(entries, 3, repeats)).toEqual({ priority: "high" });
});

test("a task that repeats is not opened again beside the next one", () => {
  const done = entry("update", {
    status: ["pending", "completed"],
    recurrence: [{ rule: "FREQ=DAILY" }, null],
  });
  const stopped = entry("update", { recurrence: [{ rule: "FREQ=DAILY" }, null] });
  const task = { recurrence: null } as Task;
  expect(takenBack([done], 0, task)).toBeNull();
  expect(takenBack([stopped], 0, task)).toEqual({ recurrence: { rule: "FREQ=DAILY" } });
});
