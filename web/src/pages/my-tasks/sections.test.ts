import { expect, it } from "vitest";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { horizon } from "@/time/due";
import { inSections, mine, SECTIONS } from "./sections";

const ZONE = "Europe/Berlin";
const NOW = horizon(Date.parse("2026-11-25T09:00:00Z"), ZONE, 1);
const task = (id: string, fields: Partial<Task>): Task =>
  ({
    id,
    status: "pending",
    priority: "medium",
    due_at: null,
    completed_at: null,
    assignee_id: null,
    ...fields,
  }) as Task;
const view = (personal: boolean, ...tasks: Task[]) =>
  ({
    tasks: new Map(tasks.map((one) => [one.id, one])),
    head: { workspace: { personal } },
  }) as unknown as View;

it("goes by the reader's days", () => {
  const sections = inSections(
    [
      task("over", { due_at: "2026-11-25T08:59:00Z" }),
      task("tonight", { due_at: "2026-11-25T22:59:00Z" }),
      task("tomorrow", { due_at: "2026-11-25T23:00:00Z" }),
      task("week", { due_at: "2026-12-02T22:59:00Z" }),
      task("later", { due_at: "2026-12-02T23:00:00Z" }),
      task("someday", {}),
      task("done", { status: "completed", completed_at: "2026-11-24T23:00:00Z" }),
      task("yesterday", { status: "completed", completed_at: "2026-11-24T22:59:00Z" }),
      task("dropped", { status: "cancelled", due_at: "2026-11-25T08:59:00Z" }),
    ],
    NOW,
    ZONE,
  );
  expect(SECTIONS.map((name) => sections[name].map(({ id }) => id).join(" "))).toEqual([
    "over",
    "tonight",
    "tomorrow week",
    "later",
    "someday",
    "done",
  ]);
});

it("has the urgent first where the time is the same", () => {
  const due_at = "2026-11-25T12:00:00Z";
  const tasks = [task("a", { due_at }), task("b", { due_at, priority: "urgent" })];
  expect(inSections(tasks, NOW, ZONE).today.map(({ id }) => id)).toEqual(["b", "a"]);
});

it("takes what is assigned to nobody only where nobody else is", () => {
  const [own, others, free] = [
    task("own", { assignee_id: "ada" }),
    task("others", { assignee_id: "bob" }),
    task("free", {}),
  ];
  const ids = (of: View) => mine(of, "ada").map(({ id }) => id);
  expect(ids(view(false, own, others, free))).toEqual(["own"]);
  expect(ids(view(true, own, others, free))).toEqual(["own", "free"]);
});
