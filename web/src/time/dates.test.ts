import { describe, expect, it } from "vitest";
import {
  addDays,
  addMonths,
  dayOf,
  dayOfIso,
  daysBetween,
  dueOn,
  endOfDay,
  endOfMonth,
  isDay,
  makeDay,
  moveDays,
  moveToDay,
  startOfDay,
  startOfWeek,
  timeOf,
  weekdayOf,
} from "./dates";
import { type Due, dueOf, horizon } from "./due";

const BERLIN = "Europe/Berlin";
const NEW_YORK = "America/New_York";
const LORD_HOWE = "Australia/Lord_Howe";
const HOUR = 3_600_000;
const iso = (moment: number) => new Date(moment).toISOString();

describe("days", () => {
  it.each([
    [BERLIN, "2026-11-22", 24],
    [BERLIN, "2026-03-29", 23],
    [BERLIN, "2026-10-25", 25],
    [NEW_YORK, "2026-03-08", 23],
    [NEW_YORK, "2026-11-01", 25],
    [LORD_HOWE, "2026-04-05", 24.5],
    [LORD_HOWE, "2026-10-04", 23.5],
    // Midnight itself is skipped.
    ["Africa/Cairo", "2026-04-24", 23],
  ])("%s has %s of %d hours", (zone, day, hours) => {
    expect((endOfDay(day, zone) - startOfDay(day, zone)) / HOUR).toBe(hours);
    expect(dayOf(startOfDay(day, zone), zone)).toBe(day);
    expect(dayOf(endOfDay(day, zone) - 1, zone)).toBe(day);
  });

  it("begin and end where the zone has them", () => {
    expect(iso(startOfDay("2027-01-01", BERLIN))).toBe("2026-12-31T23:00:00.000Z");
    expect(iso(endOfDay("2026-12-31", NEW_YORK))).toBe("2027-01-01T05:00:00.000Z");
    expect(dayOfIso("2026-12-31T23:30:00.000000Z", BERLIN)).toBe("2027-01-01");
    expect(dayOfIso("2027-01-01T04:59:59Z", NEW_YORK)).toBe("2026-12-31");
  });

  it("are counted by the calendar", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2024-02-28", 1)).toBe("2024-02-29");
    expect(addDays("9999-12-31", 5)).toBe("9999-12-31");
    expect(addMonths("2026-01-31", 1)).toBe("2026-02-28");
    expect(addMonths("2026-11-30", 3)).toBe("2027-02-28");
    expect(addMonths("2026-03-31", -1)).toBe("2026-02-28");
    expect(endOfMonth("2028-02-10")).toBe("2028-02-29");
    expect(daysBetween("2026-12-24", "2027-01-01")).toBe(8);
    expect(daysBetween("2026-10-26", "2026-10-24")).toBe(-2);
    expect(weekdayOf("2026-11-22")).toBe(0);
    expect(startOfWeek("2026-11-22", 1)).toBe("2026-11-16");
    expect(startOfWeek("2026-11-22", 0)).toBe("2026-11-22");
    expect(startOfWeek("2026-11-22", 6)).toBe("2026-11-21");
  });

  it("that do not exist are none", () => {
    expect(makeDay(2026, 2, 29)).toBeNull();
    expect(makeDay(2028, 2, 29)).toBe("2028-02-29");
    expect(makeDay(2026, 13, 1)).toBeNull();
    expect(makeDay(Number.NaN, 1, 1)).toBeNull();
    expect(isDay("2026-04-31")).toBe(false);
    expect(isDay("2026-4-3")).toBe(false);
    expect(dayOfIso("soon", BERLIN)).toBe("");
    expect(addDays("", 1)).toBe("");
  });
});

describe("due dates", () => {
  it("without a time last as long as their day", () => {
    expect(dueOn("2026-11-24", BERLIN)).toBe("2026-11-24T22:59:00.000Z");
    expect(timeOf(dueOn("2026-11-24", BERLIN), BERLIN)).toBeNull();
    expect(timeOf(dueOn("2026-03-29", BERLIN, { hour: 9, minute: 5 }), BERLIN)).toEqual({
      hour: 9,
      minute: 5,
    });
    expect(timeOf("2026-11-24T23:00:00Z", BERLIN)).toEqual({ hour: 0, minute: 0 });
  });

  it.each([
    [BERLIN, "2026-03-28T08:00:00.000Z", 1, "2026-03-29T07:00:00.000Z"],
    [BERLIN, "2026-10-24T07:00:00.000Z", 1, "2026-10-25T08:00:00.000Z"],
    [NEW_YORK, "2026-03-07T14:00:00.000Z", 7, "2026-03-14T13:00:00.000Z"],
    [NEW_YORK, "2026-11-01T14:00:00.000Z", -1, "2026-10-31T13:00:00.000Z"],
    [LORD_HOWE, "2026-04-04T00:00:00.000Z", 1, "2026-04-05T00:30:00.000Z"],
    [BERLIN, "2026-12-31T22:59:00.000Z", 1, "2027-01-01T22:59:00.000Z"],
  ])("%s %s by %d days: the clock shows the same", (zone, due, days, moved) => {
    expect(moveDays(due, days, zone)).toBe(moved);
    expect(timeOf(moved, zone)).toEqual(timeOf(due, zone));
    expect(moveToDay(due, addDays(dayOfIso(due, zone), days), zone)).toBe(moved);
  });

  it("are given to what had none", () => {
    expect(moveToDay(null, "2026-11-24", BERLIN)).toBe(dueOn("2026-11-24", BERLIN));
  });
});

describe("overdue, today, tomorrow, this week, later", () => {
  const kinds = (now: string, zone: string, weekStart: number, dues: (string | null)[]): Due[] => {
    const at = horizon(Date.parse(now), zone, weekStart);
    return dues.map((due) => dueOf(due, at));
  };

  it("go by the zone's own days", () => {
    const now = "2026-11-18T20:00:00Z"; // Wednesday, 21:00 in Berlin
    const dues = [
      "2026-11-18T19:59:59Z",
      "2026-11-18T22:59:00.000000Z",
      "2026-11-18T23:00:00Z",
      "2026-11-19T23:00:00Z",
      "2026-11-22T22:59:00Z",
      "2026-11-22T23:00:00Z",
      null,
      "nonsense",
    ];
    expect(kinds(now, BERLIN, 1, dues)).toEqual([
      "overdue",
      "today",
      "tomorrow",
      "week",
      "week",
      "later",
      "none",
      "none",
    ]);
    expect(kinds(now, BERLIN, 0, ["2026-11-21T22:59:00Z", "2026-11-22T12:00:00Z"])).toEqual([
      "week",
      "later",
    ]);
  });

  it("hold on days of 23, 25 and 24.5 hours, and at the end of a year", () => {
    const end = (zone: string, now: string) => {
      const at = horizon(Date.parse(now), zone, 1);
      return [
        dueOf(iso(at.tomorrowAt - 1), at),
        dueOf(iso(at.tomorrowAt), at),
        dueOf(iso(at.afterTomorrowAt - 1), at),
        dueOf(iso(at.afterTomorrowAt), at),
      ];
    };
    for (const [zone, now] of [
      [BERLIN, "2026-03-28T23:00:00Z"],
      [BERLIN, "2026-10-24T22:00:00Z"],
      [NEW_YORK, "2026-11-01T04:00:00Z"],
      [LORD_HOWE, "2026-04-04T13:00:00Z"],
      [BERLIN, "2027-12-30T23:00:00Z"],
    ] as const) {
      expect(end(zone, now).slice(0, 3)).toEqual(["today", "tomorrow", "tomorrow"]);
      expect(["week", "later"]).toContain(end(zone, now)[3]);
    }
    expect(horizon(Date.parse("2026-12-31T23:30:00Z"), BERLIN, 1).today).toBe("2027-01-01");
  });

  it("a Sunday's tomorrow is tomorrow, though another week", () => {
    expect(kinds("2026-11-22T12:00:00Z", BERLIN, 1, ["2026-11-23T12:00:00Z"])).toEqual([
      "tomorrow",
    ]);
    expect(kinds("2026-11-22T12:00:00Z", BERLIN, 1, ["2026-11-24T12:00:00Z"])).toEqual(["later"]);
  });

  it("leave what is done alone", () => {
    const at = horizon(Date.parse("2026-11-22T12:00:00Z"), BERLIN, 1);
    expect(dueOf("2026-11-20T12:00:00Z", at)).toBe("overdue");
    expect(dueOf("2026-11-20T12:00:00Z", at, true)).toBe("today");
  });
});
