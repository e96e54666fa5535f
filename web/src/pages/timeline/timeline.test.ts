import { describe, expect, it } from "vitest";
import type { Task } from "@/replica/model";
import { type Bar, barOf, dueMoved, hasHandle, offsetOf, spanOf, ticksOf, widthOf } from "./bars";
import { rowsOf } from "./rows";

const BERLIN = "Europe/Berlin";
const NOW = Date.parse("2026-11-22T12:00:00Z");
const task = (id: string, more: Partial<Task> = {}): Task =>
  ({
    id,
    created_at: "2026-11-01T08:00:00Z",
    due_at: null,
    completed_at: null,
    status: "pending",
    parent_id: null,
    project_id: null,
    assignee_id: null,
    ...more,
  }) as Task;
const bar = (more: Partial<Task>) => barOf(task("a", more), NOW, BERLIN);

describe("a bar", () => {
  it("goes from the making to the due date, by the days of the zone", () => {
    expect(bar({ created_at: "2026-11-01T23:30:00Z", due_at: "2026-11-25T22:59:00Z" })).toEqual({
      kind: "due",
      from: "2026-11-02",
      to: "2026-11-25",
      due: "2026-11-25",
    });
  });

  it("is overdue by the moment, not by the day", () => {
    expect(bar({ due_at: "2026-11-22T11:59:00Z" }).kind).toBe("overdue");
    expect(bar({ due_at: "2026-11-22T12:01:00Z" }).kind).toBe("due");
  });

  it("ends when it was completed, whatever was due", () => {
    const done = bar({
      status: "completed",
      due_at: "2026-11-05T08:00:00Z",
      completed_at: "2026-11-10T08:00:00Z",
    });
    expect(done).toMatchObject({ kind: "completed", to: "2026-11-10", due: "2026-11-05" });
    expect(hasHandle(done)).toBe(false);
  });

  it("ends today without a due date, and is a day where it was due before it was made", () => {
    expect(bar({})).toMatchObject({ kind: "open", to: "2026-11-22" });
    expect(bar({ due_at: "2026-10-01T08:00:00Z" })).toMatchObject({
      from: "2026-10-01",
      to: "2026-10-01",
    });
    expect(bar({ status: "cancelled" })).toMatchObject({ from: "2026-11-01", to: "2026-11-01" });
  });

  it("is moved by days of the clock over the end of summer time", () => {
    const due = task("a", { due_at: "2026-10-24T12:00:00Z" });
    expect(dueMoved(due, 2, "2026-10-24", BERLIN)).toBe("2026-10-26T13:00:00.000Z");
    expect(dueMoved(task("a"), 7, "2026-11-22", BERLIN)).toBe("2026-11-29T22:59:00.000Z");
  });
});

describe("the span", () => {
  const one = (from: string, to: string): Bar => ({ kind: "due", from, to, due: to });

  it("holds every bar and today", () => {
    const span = spanOf([one("2026-10-10", "2026-12-24")], "2026-11-22", "weeks");
    expect(span.from).toBe("2026-09-01");
    expect(span.days).toBeGreaterThan(116);
    expect(offsetOf("2026-09-11", span, 10)).toBe(100);
    expect(widthOf(one("2026-10-31", "2026-11-01"), 10)).toBe(20);
  });

  it("is not made endless by a slip", () => {
    expect(spanOf([one("0001-01-01", "9999-12-31")], "2026-11-22", "weeks").days).toBeLessThan(
      366 * 52,
    );
  });

  it("has ticks for the zoom", () => {
    const { coarse, fine } = ticksOf("2026-11-20", "2026-12-02", "months", 1);
    expect(coarse.map(({ day, days }) => [day, days])).toEqual([
      ["2026-11-01", 30],
      ["2026-12-01", 31],
    ]);
    expect(fine.map(({ day }) => day)).toEqual(["2026-11-16", "2026-11-23", "2026-11-30"]);
    expect(ticksOf("2026-11-20", "2026-11-22", "weeks", 1).fine).toHaveLength(3);
    const quarters = ticksOf("2026-11-20", "2027-01-05", "quarters", 1).fine;
    expect(quarters.map(({ strong }) => strong)).toEqual([false, false, true]);
  });
});

describe("rows", () => {
  const rows = (tasks: Task[], closed: string[] = []) =>
    rowsOf(tasks, "status", (one) => barOf(one, NOW, BERLIN), String, new Set(closed)).map((row) =>
      row.kind === "group" ? row.key : `${row.key}${row.depth}`,
    );

  it("have sub-tasks below parents of the same group, by their start", () => {
    const late = task("late", { created_at: "2026-11-09T08:00:00Z" });
    const child = task("child", { parent_id: "late", created_at: "2026-11-02T08:00:00Z" });
    const deep = task("deep", { parent_id: "child" });
    const done = task("done", { parent_id: "late", status: "completed" });
    expect(rows([deep, done, late, child, task("first")])).toEqual([
      "group:pending",
      "first0",
      "late0",
      "child1",
      "deep2",
      "group:completed",
      "done0",
    ]);
  });

  it("are only the group's where it is closed, and lose nothing that goes in a circle", () => {
    const [a, b] = [task("a", { parent_id: "b" }), task("b", { parent_id: "a" })];
    expect(rows([a, b])).toEqual(["group:pending", "a0", "b1"]);
    expect(rows([a, b], ["pending"])).toEqual(["group:pending"]);
  });
});
