import { describe, expect, test } from "vitest";
import { applied, code, type Edit, link, list, nextItem, type Selected, surround } from "./edits";

// `«` and `»` stand where the selection begins and ends, `|` where both are.
function at(marked: string): Selected {
  if (marked.includes("|")) {
    const start = marked.indexOf("|");
    return { text: marked.replace("|", ""), start, end: start };
  }
  const start = marked.indexOf("«");
  const end = marked.indexOf("»") - 1;
  return { text: marked.replace("«", "").replace("»", ""), start, end };
}

function after(marked: string, edit: (selected: Selected) => Edit | null): string | null {
  const selected = at(marked);
  const made = edit(selected);
  if (made === null) return null;
  const text = applied(selected.text, made);
  const within = text.slice(made.start, made.end);
  const shown = made.start === made.end ? "|" : `«${within}»`;
  return text.slice(0, made.start) + shown + text.slice(made.end);
}

const bold = (s: Selected) => surround(s, "**");
const italic = (s: Selected) => surround(s, "*");
const bullets = (s: Selected) => list(s, "- ");
const tasks = (s: Selected) => list(s, "- [ ] ");
const linked = (s: Selected) => link(s, "text");

describe("the buttons", () => {
  test.each([
    [bold, "a «b» c", "a **«b»** c"],
    [bold, "a **«b»** c", "a «b» c"],
    [bold, "a« b »c", "a **«b»** c"],
    [bold, "a |", "a **|**"],
    [bold, "a **|**", "a |"],
    [italic, "**«b»**", "***«b»***"],
    [italic, "*«b»*", "«b»"],
    [code, "a «b» c", "a `«b»` c"],
    [code, "«x\ny»", "```\n«x\ny»\n```"],
    [code, "a «x\ny» b", "a \n```\n«x\ny»\n```\n b"],
    [code, "«``` x\ny»", "````\n«``` x\ny»\n````"],
    [linked, "see «this»", "see [this](«https://»)"],
    [linked, "«https://e.org/a»", "[«text»](https://e.org/a)"],
    [linked, "|", "[text](«https://»)"],
    [bullets, "one|", "- one|"],
    [bullets, "- one|", "one|"],
    [bullets, "«one\ntwo\n»three", "«- one\n- two»\nthree"],
    [bullets, "- [ ] one|", "- one|"],
    [tasks, "  - one|", "  - [ ] one|"],
    [tasks, "- [x] o|ne", "o|ne"],
    [tasks, "«1. one\n2. two»", "«- [ ] one\n- [ ] two»"],
    [tasks, "|", "- [ ] |"],
  ])("%o: %j", (edit, marked, expected) => expect(after(marked, edit)).toBe(expected));
});

test.each([
  ["- one|", "- one\n- |"],
  ["  * [x] one|", "  * [x] one\n  * [ ] |"],
  ["9. one|", "9. one\n10. |"],
  ["- one\n- |", "- one\n|"],
  ["one|", null],
  ["- «one»", null],
])("Enter in a list: %j", (marked, expected) => expect(after(marked, nextItem)).toBe(expected));
