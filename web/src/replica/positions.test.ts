import { describe, expect, it } from "vitest";
import { between, comparePositions } from "./positions";

describe("between", () => {
  // As tidework.store.sql.positions.between answers.
  it.each<[string | null, string | null, string]>([
    [null, null, "V"],
    ["a1V", null, "n0k"],
    [null, "a1V", "I0k"],
    ["a1V", "a2V", "a21"],
    ["a1V", "a1W", "a1VV000000001"],
    ["a1V", "a1V0000000001", "a1V0000000000zzz0000001"],
    ["z", "z1", "z0zzz0000001"],
    ["a9V", "b10V", "aaFk"],
    ["V", "V00000001", "V00000000zzz0000001"],
  ])("%s and %s: %s", (left, right, expected) => {
    expect(between(left, right)).toBe(expected);
  });

  it("always finds room, on both sides of the newest", () => {
    let left = "a1V";
    let right = "a2V";
    for (let i = 0; i < 3000; i += 1) {
      const middle = between(left, right);
      expect(left < middle && middle < right).toBe(true);
      expect(middle.endsWith("0")).toBe(false);
      if (i % 3 === 0) left = middle;
      else right = middle;
    }
    expect(left.length).toBeLessThan(2600);
  });

  it("refuses what is not in order", () => {
    expect(() => between("b", "a")).toThrow(RangeError);
    expect(() => between("a", "a")).toThrow(RangeError);
  });
});

it("compares by bytes, capitals first", () => {
  expect(["a", "Z", "0", "aV"].sort(comparePositions)).toEqual(["0", "Z", "a", "aV"]);
});
