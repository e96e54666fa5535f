import { describe, expect, it } from "vitest";
import { addDays } from "@/time/dates";
import { busiest, type Day, formatDuration, share, spans, stepOf } from "./series";

const day = (index: number): Day => ({
  day: addDays("2026-11-02", index),
  created: 1,
  completed: index,
  reopened: 0,
  cancelled: 0,
  throughput: index,
  statuses: { pending: index, in_progress: 0, completed: 0, cancelled: 0 },
  scope: 100 + index,
  active_users: 1,
});
const fortnight = Array.from({ length: 14 }, (_, index) => day(index));

describe("spans", () => {
  it("are the days themselves where there are few", () => {
    const all = spans(fortnight, "day", 1);
    expect(all).toHaveLength(14);
    expect(all[3]).toMatchObject({ from: "2026-11-05", to: "2026-11-05", completed: 3 });
  });

  it("add up what happened, and end as their last day did", () => {
    const [first, second] = spans(fortnight, "week", 1);
    expect(first).toMatchObject({ from: "2026-11-02", to: "2026-11-08", created: 7, scope: 106 });
    expect(first?.completed).toBe(0 + 1 + 2 + 3 + 4 + 5 + 6);
    expect(second?.statuses.pending).toBe(13);
  });

  it("begin where the days do, in the middle of a week too", () => {
    const all = spans(fortnight, "week", 0);
    expect(all.map(({ from }) => from)).toEqual(["2026-11-02", "2026-11-08", "2026-11-15"]);
    expect(all.reduce((sum, one) => sum + one.created, 0)).toBe(14);
  });

  it("change nothing in the days", () => {
    spans(fortnight, "month", 1);
    expect(fortnight[0]).toEqual(day(0));
  });

  it("are longer where there are many days", () => {
    expect([7, 92, 93, 365, 3660].map(stepOf)).toEqual(["day", "day", "week", "week", "month"]);
  });
});

describe("summaries", () => {
  it("name the busiest span, the first of equals", () => {
    expect(busiest(spans(fortnight, "day", 1))?.from).toBe("2026-11-15");
    expect(busiest(spans([day(0)], "day", 1))).toBeNull();
    expect(busiest([])).toBeNull();
  });

  it("know shares of nothing", () => {
    expect(share(1, 3)).toBe(33);
    expect(share(0, 0)).toBe(0);
  });
});

describe("durations", () => {
  it("are said in the largest unit that fits", () => {
    expect(formatDuration(216_000, "en")).toBe("2.5 days");
    expect(formatDuration(10_800, "de")).toBe("3 Stunden");
    expect(formatDuration(90, "en")).toBe("2 minutes");
    expect(formatDuration(0, "en")).toBe("0 minutes");
    expect(formatDuration(86_400 * 40.4, "en")).toBe("40 days");
  });
});
