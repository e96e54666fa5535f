import { expect, it } from "vitest";
import { TITLE_MAX, titled, tooMany } from "./titles";

it("leaves alone what fits, counted in characters and not in code units", () => {
  expect(titled("🌊".repeat(TITLE_MAX))).toEqual({ title: "🌊".repeat(TITLE_MAX) });
  expect(tooMany(`  ${"a".repeat(TITLE_MAX)} `)).toBe(0);
});

it("loses nothing of what does not fit", () => {
  const text = "tide ".repeat(100).trim();
  const { title, description } = titled(text);
  expect([...title].length).toBeLessThanOrEqual(TITLE_MAX);
  expect(title.endsWith("tide…")).toBe(true);
  expect(description).toBe(text);
  expect(tooMany(text)).toBe(299);
});
