import { expect, test } from "vitest";
import { beginning, boxes, tangled } from "./source";

test("what no person writes is told from what one does", () => {
  expect(tangled("- [ ] buy\n".repeat(2_000))).toBe(false);
  expect(tangled("[a](b)\n\n".repeat(2_000))).toBe(false);
  expect(tangled("[a](".repeat(2_000))).toBe(true);
  expect(tangled(`${"> ".repeat(41)}deep`)).toBe(true);
  expect(tangled(`${"> ".repeat(20)}deep`)).toBe(false);
});

test("the beginning ends with a line, never within a character or an open block of code", () => {
  expect(beginning("short")).toBeNull();
  expect(beginning(`${"line\n".repeat(10)}`, 22)).toBe("line\nline\nline\nline");
  expect(beginning("😀".repeat(50), 21)).toBe("😀".repeat(10));
  expect(beginning(`~~~\n${"x\n".repeat(50)}~~~`, 20)).toMatch(/x\n~~~$/);
});

test("boxes are counted", () => {
  expect(boxes("- [ ] a\n  1. [x] b\n> - [X] c\n[x] no\n")).toEqual({ all: 3, done: 2 });
});
