import { expect, it } from "vitest";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { excerpt, marked } from "./excerpt";
import { wordsOf } from "./matching";
import { ordered } from "./ordered";

const shown = (text: string, q: string) =>
  marked(text, wordsOf(q))
    .map((piece) => (piece.hit ? `[${piece.text}]` : piece.text))
    .join("");

it("marks words by how they begin", () => {
  expect(shown("Paint the harbour, repaint it: PAINTED", "pain")).toBe(
    "[Paint] the harbour, repaint it: [PAINTED]",
  );
  expect(shown("Cafe\u0301 <script>", "café scr")).toBe("[Cafe\u0301] <[script]>");
  expect(shown("nothing", "")).toBe("nothing");
  expect(shown("👩‍🚀 שלום world", "שלו")).toBe("👩‍🚀 [שלום] world");
});

it("loses nothing of the text", () => {
  const text = " a\u0000b  tide-tide\n";
  expect(
    marked(text, ["tide"])
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
});

it("shows what stands around the first hit, on one line", () => {
  const long = `${"before ".repeat(40)}\nTide\n${"after ".repeat(40)}`;
  const found = excerpt(long, ["tide"]) ?? "";
  expect(found).toMatch(/^… before .* Tide after .* …$/);
  expect(found.length).toBeLessThan(220);
  expect(excerpt("Tide", ["tide"])).toBe("Tide");
  expect(excerpt("nothing here", ["tide"])).toBeNull();
});

it("keeps an order through changes, and brings in what is new", () => {
  const tasks = new Map<string, Task>();
  const put = (id: string, position: string) => tasks.set(id, { id, position } as Task);
  const look = () =>
    ordered({ tasks } as unknown as View, "position")
      .map(({ id }) => id)
      .join("");
  put("a", "B");
  put("b", "a");
  put("c", "C");
  expect(look()).toBe("acb");
  put("a", "z");
  put("d", "A");
  tasks.delete("c");
  expect(look()).toBe("dba");
});
