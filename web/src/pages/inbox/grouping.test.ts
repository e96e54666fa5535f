import { describe, expect, it } from "vitest";
import { byDay, unreadOf } from "./grouping";
import { linkOf, type Note, tasksOf } from "./note";

const note = (id: string, at: string, task: string | null, more: Partial<Note> = {}): Note => ({
  id,
  kind: "commented",
  workspace_id: "w",
  task_id: task,
  actor_id: null,
  actor_name: null,
  data: {},
  created_at: at,
  read_at: null,
  ...more,
});

describe("byDay", () => {
  it("puts what concerns one task on one day together, where its newest is", () => {
    const days = byDay(
      [
        note("4", "2026-11-22T12:00:00Z", "a"),
        note("3", "2026-11-22T11:00:00Z", "b"),
        note("2", "2026-11-22T10:00:00Z", "a"),
        note("1", "2026-11-21T10:00:00Z", "a"),
      ],
      "UTC",
    );
    expect(days.map(({ day }) => day)).toEqual(["2026-11-22", "2026-11-21"]);
    expect(days[0]?.groups.map(({ notes }) => notes.map(({ id }) => id))).toEqual([
      ["4", "2"],
      ["3"],
    ]);
  });

  it("takes days of the reader's zone", () => {
    const late = [note("1", "2026-11-22T23:30:00Z", "a")];
    expect(byDay(late, "Europe/Berlin")[0]?.day).toBe("2026-11-23");
    expect(byDay(late, "America/New_York")[0]?.day).toBe("2026-11-22");
  });

  it("keeps apart what is about no task, and tasks of one id in two workspaces", () => {
    const at = "2026-11-22T10:00:00Z";
    const days = byDay(
      [
        note("1", at, null),
        note("2", at, null),
        note("3", at, "a"),
        note("4", at, "a", { workspace_id: "v" }),
      ],
      "UTC",
    );
    expect(days[0]?.groups).toHaveLength(4);
  });
});

describe("what a note says", () => {
  it("counts what is unread", () => {
    const at = "2026-11-22T10:00:00Z";
    expect(unreadOf([note("1", at, "a"), note("2", at, "a", { read_at: at })])).toEqual(["1"]);
  });

  it("is taken only as far as it makes sense", () => {
    const odd = { tasks: [{ id: "x", number: 3, title: "T" }, null, { number: "7" }] };
    expect(tasksOf(note("1", "", null, { data: odd }))).toEqual([
      { id: "x", number: 3, title: "T" },
    ]);
    expect(linkOf(note("1", "", null, { data: { url: "javascript:alert(1)" } }))).toBeNull();
  });
});
