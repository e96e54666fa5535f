import { describe, expect, it } from "vitest";
import type { Task } from "@/replica/model";
import { countNow } from "./numbers";

const NOW = Date.parse("2026-11-22T12:00:00Z"); // a Sunday
const BERLIN = { now: NOW, zone: "Europe/Berlin", weekStart: 1 };

const task = (fields: Partial<Task>): Task =>
  ({ status: "pending", due_at: null, completed_at: null, ...fields }) as Task;
const done = (completed_at: string) => task({ status: "completed", completed_at });
const all = () => true;

describe("the numbers of this moment", () => {
  it("count what is open, and what of it is overdue", () => {
    const tasks = [
      task({}),
      task({ status: "in_progress", due_at: "2026-11-22T11:59:00Z" }),
      task({ due_at: "2026-11-22T12:01:00Z" }),
      task({ status: "cancelled", due_at: "2020-01-01T00:00:00Z" }),
      done("2026-11-01T00:00:00Z"),
    ];
    expect(countNow(tasks, all, BERLIN)).toEqual({
      open: 3,
      overdue: 1,
      thisWeek: 0,
      lastWeek: 0,
    });
  });

  it("begin the week at midnight of the reader's zone", () => {
    // Monday 16 November, 00:00 in Berlin, is 23:00 UTC of Sunday.
    const tasks = [done("2026-11-15T23:00:00Z"), done("2026-11-15T22:59:59Z")];
    expect(countNow(tasks, all, BERLIN)).toMatchObject({ thisWeek: 1, lastWeek: 1 });
    expect(countNow(tasks, all, { ...BERLIN, weekStart: 0 })).toMatchObject({
      thisWeek: 0,
      lastWeek: 2,
    });
  });

  it("leave out what the filter leaves out", () => {
    const tasks = [task({ project_id: "a" }), task({ project_id: "b" })];
    expect(countNow(tasks, ({ project_id }) => project_id === "a", BERLIN).open).toBe(1);
  });
});
