import { describe, expect, it } from "vitest";
import type { Task } from "@/replica/model";
import { compare, type MatchContext, matches, wordsOf } from "./matching";
import {
  type Filter,
  fromQuery,
  NO_FILTER,
  narrows,
  readFilter,
  toggled,
  toQuery,
  withFilter,
  writeFilter,
} from "./model";

const task = (fields: Partial<Task>): Task =>
  ({
    id: "1",
    number: 1,
    title: "Paint the boats",
    status: "pending",
    priority: "medium",
    assignee_id: null,
    project_id: null,
    label_ids: [],
    due_at: null,
    position: "a",
    created_at: "2026-11-01T00:00:00Z",
    updated_at: "2026-11-01T00:00:00Z",
    ...fields,
  }) as Task;

// A Wednesday, 10:00 in Berlin.
const context: MatchContext = {
  me: "ada",
  zone: "Europe/Berlin",
  now: Date.parse("2026-11-25T09:00:00Z"),
};
const filter = (fields: Partial<Filter>): Filter => ({ ...NO_FILTER, ...fields });
const passes = (of: Partial<Task>, by: Partial<Filter>, more: Partial<MatchContext> = {}) =>
  matches(task(of), filter(by), { ...context, ...more });

describe("a filter in an address", () => {
  it("is written so that people can read it, and read back", () => {
    const wanted = filter({
      status: ["pending", "in_progress"],
      assignee: ["me", "none"],
      due: "2026-11-01..",
      q: "5",
      sort: "-due_at",
      columns: ["due", "status"],
      group: "project",
    });
    expect(toQuery(wanted)).toBe(
      "status=pending,in_progress&assignee=me,none&due=2026-11-01..&q=5&sort=-due_at" +
        "&columns=due,status&group=project",
    );
    expect(fromQuery(toQuery(wanted))).toEqual(wanted);
    expect(readFilter(writeFilter(wanted))).toEqual(wanted);
  });

  it("says nothing where it is as always", () => {
    expect(writeFilter(NO_FILTER)).toEqual({});
    expect(readFilter({})).toEqual(NO_FILTER);
    expect(fromQuery(toQuery(filter({ columns: [] }))).columns).toEqual([]);
  });

  it("takes nothing from an address that it does not know", () => {
    const search = {
      status: "done,pending",
      due: "2026-02-30..",
      sort: "-owner",
      q: 42,
      group: {},
    };
    expect(readFilter(search)).toEqual(filter({ status: ["pending"], q: "42" }));
  });

  it("leaves what others keep there", () => {
    expect(withFilter({ task: 12, status: "pending" }, filter({ q: "tide" }))).toEqual({
      task: 12,
      q: "tide",
    });
  });

  it("narrows by what it leaves out, not by its order", () => {
    expect(narrows(filter({ sort: "title", group: "due" }))).toBe(false);
    expect(narrows(filter({ q: " " }))).toBe(false);
    expect(narrows(filter({ due: "none" }))).toBe(true);
  });

  it("has values put in and taken out", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  });
});

describe("matching", () => {
  it("takes any of several values, and all of several fields", () => {
    expect(passes({}, { status: ["completed", "pending"] })).toBe(true);
    expect(passes({}, { status: ["pending"], priority: ["high"] })).toBe(false);
    expect(passes({ assignee_id: "ada" }, { assignee: ["me"] })).toBe(true);
    expect(passes({ assignee_id: "bob" }, { assignee: ["me"] })).toBe(false);
    expect(passes({}, { assignee: ["me", "none"] })).toBe(true);
    expect(passes({ project_id: "p" }, { project: ["none"] })).toBe(false);
    expect(passes({ label_ids: ["x", "y"] }, { label: ["z", "y"] })).toBe(true);
  });

  it("counts days where the reader is", () => {
    const late = "2026-11-25T23:30:00Z"; // Thursday in Berlin
    expect(passes({ due_at: late }, { due: "today" })).toBe(false);
    expect(passes({ due_at: late }, { due: "today" }, { zone: "UTC" })).toBe(true);
    expect(passes({ due_at: late }, { due: "2026-11-26..2026-11-26" })).toBe(true);
    expect(passes({ due_at: late }, { due: "..2026-11-25" })).toBe(false);
    expect(passes({ due_at: "2026-11-29T22:59:00Z" }, { due: "week" })).toBe(true);
    expect(passes({ due_at: "2026-11-29T23:00:00Z" }, { due: "week" })).toBe(false);
    expect(passes({}, { due: "none" })).toBe(true);
    expect(passes({}, { due: "week" })).toBe(false);
  });

  it("has nothing overdue that is done", () => {
    const due_at = "2026-11-25T08:59:00Z";
    expect(passes({ due_at }, { due: "overdue" })).toBe(true);
    expect(passes({ due_at, status: "completed" }, { due: "overdue" })).toBe(false);
    expect(passes({ due_at }, { due: "today" })).toBe(true);
  });

  it("finds words by how they begin, as the server does", () => {
    expect(wordsOf('Café, "C++" (x)')).toEqual(["café", "c", "x"]);
    expect(passes({}, { q: "BOA pai" })).toBe(true);
    expect(passes({}, { q: "oats" })).toBe(false);
    expect(passes({ title: "Cafe\u0301 noir" }, { q: "caf\u00e9" })).toBe(true);
    expect(passes({ title: "Cafe" }, { q: "café" })).toBe(false);
    expect(passes({ number: 17 }, { q: "#17" })).toBe(true);
    expect(passes({}, { q: "tide" }, { found: new Set(["1"]) })).toBe(true);
    expect(passes({}, { q: "  *" })).toBe(true);
  });
});

describe("order", () => {
  const sorted = (sort: Filter["sort"], ...tasks: Task[]) =>
    tasks.sort(compare(sort)).map((one) => one.id);
  const a = (fields: Partial<Task>) => task({ id: "a", ...fields });
  const b = (fields: Partial<Task>) => task({ id: "b", ...fields });

  it("is bytewise for positions", () => {
    expect(sorted("position", a({ position: "a1" }), b({ position: "Z1" }))).toEqual(["b", "a"]);
    expect(sorted("position", b({ position: "x" }), a({ position: "x" }))).toEqual(["a", "b"]);
  });

  it("has what is not due last, either way", () => {
    const due = b({ due_at: "2026-11-25T09:00:00Z" });
    expect(sorted("due_at", a({}), due)).toEqual(["b", "a"]);
    expect(sorted("-due_at", a({}), due)).toEqual(["b", "a"]);
  });

  it("compares times however they are written", () => {
    const early = a({ due_at: "2026-11-25T10:00:00+02:00" });
    expect(sorted("due_at", b({ due_at: "2026-11-25T09:00:00Z" }), early)).toEqual(["a", "b"]);
    expect(sorted("-due_at", b({ due_at: "2026-11-25T09:00:00.5Z" }), early)).toEqual(["b", "a"]);
  });

  it("has urgent above low, and what has no number yet as the newest", () => {
    expect(sorted("-priority", a({ priority: "low" }), b({ priority: "urgent" }))).toEqual([
      "b",
      "a",
    ]);
    expect(sorted("-number", a({ number: 9 }), b({ number: 0 }))).toEqual(["b", "a"]);
    expect(sorted("title", a({ title: "Task 10" }), b({ title: "task 9" }))).toEqual(["b", "a"]);
  });
});
