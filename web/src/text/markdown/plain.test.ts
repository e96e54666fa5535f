import { expect, test } from "vitest";
import { plain } from "./plain";

test.each([
  ["# Boats\n\n- [ ] **tar** the `oars`", "Boats\n\ntar the oars"],
  ["See [the plan](https://example.com/a_b) and ![pic](x.png)", "See the plan and pic"],
  ["> *so* it is, _he_ said", "so it is, he said"],
  ["2 * 3 * 4, snake_case_name, a - b", "2 * 3 * 4, snake_case_name, a - b"],
  ["```js\nlet a;\n```", "\nlet a;\n"],
  ["", ""],
])("%j", (markdown, words) => expect(plain(markdown)).toBe(words));

test("ends whatever the text is", () => {
  for (const text of ["[".repeat(60_000), "[](".repeat(20_000), " *a".repeat(20_000)]) {
    expect(plain(text)).toBe(text);
  }
});
