import { describe, expect, it } from "vitest";
import type { Task } from "@/replica/model";
import {
  agendaOf,
  dayOfKey,
  daysOf,
  daysWith,
  fitting,
  readDay,
  readShown,
  saidOf,
  weekNumber,
  weeksOf,
} from "./days";
import { patchOf, targetOf } from "./moves";

const task = (id: string, due_at: string | null, more: Partial<Task> = {}): Task =>
  ({ id, due_at, recurrence: null, ...more }) as Task;

const BERLIN = "Europe/Berlin";

it("says the weekday of a day that is not near, as the date stands beside it", () => {
  const days = ["2026-11-17", "2026-11-22", "2026-11-23", "2026-11-24", "2027-01-01"];
  const said = days.map((day) => saidOf(day, "2026-11-22", "en"));
  expect(said).toEqual(["Tuesday", "today", "tomorrow", "Tuesday", "Friday"]);
});

describe("weeks", () => {
  it("begin on the locale's first day and hold the whole month", () => {
    const monday = weeksOf("2026-11-22", "month", 1);
    expect([monday.length, monday[0]?.[0], monday.at(-1)?.[6]]).toEqual([
      6,
      "2026-10-26",
      "2026-12-06",
    ]);
    const sunday = weeksOf("2026-11-22", "month", 0);
    expect([sunday.length, sunday[0]?.[0], sunday.at(-1)?.[6]]).toEqual([
      5,
      "2026-11-01",
      "2026-12-05",
    ]);
  });

  it("are four where a month fits into them", () => {
    expect(weeksOf("2027-02-10", "month", 1)).toHaveLength(4);
  });

  it("are one for a week, across the clocks' change", () => {
    expect(weeksOf("2026-10-25", "week", 1)).toEqual([
      [19, 20, 21, 22, 23, 24, 25].map((day) => `2026-10-${day}`),
    ]);
  });

  it("end with the last day that there is", () => {
    expect(weeksOf("9999-12-31", "month", 1).length).toBeLessThanOrEqual(6);
  });

  it("have days of the month only where the filling is left out", () => {
    expect(daysOf("2026-11-22", "month", 1)).toHaveLength(30);
    expect(daysOf("2026-11-01", "week", 1)[0]).toBe("2026-10-26");
  });

  it.each([
    ["2026-12-28", 53],
    ["2027-01-04", 1],
    ["2024-12-30", 1],
    ["2026-11-16", 47],
    // Sunday weeks: the one with the first of January is the first.
    ["2026-12-27", 1],
    ["2026-01-04", 2],
  ])("that begin on %s have the number %i", (start, number) => {
    expect(weekNumber(start)).toBe(number);
  });
});

describe("tasks on their days", () => {
  it("stand on the day of the account's zone, by time", () => {
    const late = task("late", "2026-11-22T22:59:00.000Z");
    const early = task("early", "2026-11-22T08:00:00.000Z");
    const next = task("next", "2026-11-22T23:00:00.000Z");
    const { on, undated } = daysWith(
      [late, task("none", null), next, early, task("done", null, { status: "completed" })],
      BERLIN,
    );
    expect(on.get("2026-11-22")).toEqual([early, late]);
    expect(on.get("2026-11-23")).toEqual([next]);
    expect(undated.map(({ id }) => id)).toEqual(["none"]);
  });

  it("keep the lists that have not changed", () => {
    const [a, b] = [task("a", "2026-11-22T08:00:00Z"), task("b", "2026-11-23T08:00:00Z")];
    const before = daysWith([a, b], BERLIN);
    const after = daysWith([a, { ...b }], BERLIN, before);
    expect(after.on.get("2026-11-22")).toBe(before.on.get("2026-11-22"));
    expect(after.on.get("2026-11-23")).not.toBe(before.on.get("2026-11-23"));
    expect(after.undated).toBe(before.undated);
  });

  it("leave a line for how many more there are", () => {
    expect([fitting(3, 3), fitting(10, 3), fitting(2, 0), fitting(0, 0)]).toEqual([3, 2, 0, 0]);
  });

  it("are an agenda with today in it, what has no date at the end", () => {
    const days = daysWith([task("a", "2026-11-24T08:00:00Z"), task("n", null)], "UTC");
    const rows = (open: boolean) =>
      agendaOf(daysOf("2026-11-22", "month", 1), "2026-11-22", days, open).map(({ key }) => key);
    expect(rows(false)).toEqual(["2026-11-22", "2026-11-24", "a", "undated"]);
    expect(rows(true).at(-1)).toBe("n");
  });
});

describe("moving to another day", () => {
  const patched = (due: string | null, day: string) => patchOf(task("a", due), day, BERLIN)?.due_at;

  it("keeps the time of the clock when summer time begins or ends", () => {
    expect(patched("2026-10-24T12:00:00.000Z", "2026-10-26")).toBe("2026-10-26T13:00:00.000Z");
    expect(patched("2026-03-28T08:30:00.000Z", "2026-03-30")).toBe("2026-03-30T07:30:00.000Z");
  });

  it("shows a time that the clocks skip an hour later", () => {
    expect(patched("2026-03-28T01:30:00.000Z", "2026-03-29")).toBe("2026-03-29T01:30:00.000Z");
  });

  it("gives what had no date the end of the day", () => {
    expect(patched(null, "2026-11-22")).toBe("2026-11-22T22:59:00.000Z");
  });

  it("changes nothing on the day where it is, and never takes the date of what repeats", () => {
    const recurrence = {} as Task["recurrence"];
    const due = "2026-11-22T08:00:00Z";
    expect(patchOf(task("a", due), "2026-11-22", BERLIN)).toBeNull();
    expect(patchOf(task("a", null), "none", BERLIN)).toBeNull();
    expect(patchOf(task("a", due, { recurrence }), "none", BERLIN)).toBeNull();
    expect(patchOf(task("a", due), "none", BERLIN)).toEqual({ due_at: null });
    expect(targetOf(task("a", null), BERLIN)).toBe("none");
  });
});

describe("keys and addresses", () => {
  const go = (key: string, rtl = false) => dayOfKey(key, "2026-11-22", { rtl, weekStart: 1 });

  it("lead over days, weeks and months", () => {
    expect(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => go(key))).toEqual([
      "2026-11-21",
      "2026-11-23",
      "2026-11-15",
      "2026-11-29",
    ]);
    expect(["Home", "End", "PageUp", "PageDown", "x"].map((key) => go(key))).toEqual([
      "2026-11-16",
      "2026-11-22",
      "2026-10-22",
      "2026-12-22",
      undefined,
    ]);
    expect(go("ArrowLeft", true)).toBe("2026-11-23");
  });

  it("are read, whatever stands there", () => {
    expect([readShown("week"), readShown(7)]).toEqual(["week", "month"]);
    expect(readDay("2026-02-30", "2026-11-22")).toBe("2026-11-22");
    expect(readDay("2026-02-28", "2026-11-22")).toBe("2026-02-28");
  });
});
