import { describe, expect, it } from "vitest";
import { lastDays, lengthOf, ownDays, readRange, withRange } from "./range";

const TODAY = "2026-11-22";

describe("the range of an address", () => {
  it("is the last 30 days where nothing is said, or nothing that is understood", () => {
    const usual = { from: "2026-10-24", to: TODAY, days: 30 };
    for (const search of [{}, { days: "8" }, { from: "2026-11-01" }, { from: "x", to: "y" }]) {
      expect(readRange(search, TODAY)).toEqual(usual);
    }
    expect(lengthOf(usual)).toBe(30);
  });

  it("is read as it was written", () => {
    for (const range of [
      lastDays(7, TODAY),
      lastDays(30, TODAY),
      lastDays(365, TODAY),
      ownDays("2026-11-01", "2026-11-09", TODAY),
    ]) {
      expect(readRange(withRange({ days: 90, from: "a" }, range), TODAY)).toEqual(range);
    }
  });

  it("leaves what else stands in the address", () => {
    expect(withRange({ project: "p", days: 7 }, lastDays(90, TODAY))).toEqual({
      project: "p",
      days: 90,
    });
  });
});

describe("own days", () => {
  it("are put in order", () => {
    expect(ownDays("2026-11-09", "2026-11-01", TODAY)).toEqual({
      from: "2026-11-01",
      to: "2026-11-09",
      days: null,
    });
  });

  it("end today at the latest", () => {
    expect(ownDays("2026-11-20", "2027-01-01", TODAY).to).toBe(TODAY);
    expect(ownDays("2027-01-01", "2027-01-05", TODAY)).toEqual({
      from: TODAY,
      to: TODAY,
      days: null,
    });
  });

  it("are as many as the server counts", () => {
    expect(lengthOf(ownDays("0001-01-01", TODAY, TODAY))).toBe(3660);
  });
});
