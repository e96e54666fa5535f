import { describe, expect, it } from "vitest";
import { CONTEXT } from "./examples";
import { parse, suggest, taskLines } from "./index";

const WORDS = { urgent: "urgent", high: "hoch", medium: "mittel", low: "niedrig" };
const at = (text: string, more = CONTEXT) => {
  const caret = text.indexOf("|");
  return suggest(text.replace("|", ""), caret, more, WORDS);
};
const labels = (text: string) => at(text)?.options.map(({ label }) => label) ?? null;

describe("suggestions", () => {
  it.each([
    ["Fix #|", ["Apollo", "Apollo 11", "Big launch", "Umzug & Küche", "2026", "פרויקט"]],
    ["Fix #ap|", ["Apollo", "Apollo 11"]],
    ["Fix #apollo 1|", ["Apollo 11"]],
    ["Fix #apollo x|", null],
    ["Fix #apollo |", ["Apollo 11"]],
    ["Fix #apollo 11 |", null],
    ["Fix #laun|", ["Big launch"]],
    ["#big la| more", ["Big launch"]],
    ['#"big|', ["Big launch"]],
    ["Call @|", ["Grace Hopper", "Ada Lovelace", "Anna Meyer", "Anna Schulz", "Jürgen Groß"]],
    ["Call @anna|", ["Anna Meyer", "Anna Schulz"]],
    ["Call @juer|", ["Jürgen Groß"]],
    ["Call @a.sch|", ["Anna Schulz"]],
    ["Fix !|", ["urgent", "hoch", "mittel", "niedrig"]],
    ["Fix !h|", ["hoch"]],
    ["Fix +u|", ["Urgent stuff", "bug", "Zuhause", "u"]],
    ["Fix +bug|", ["bug"]],
    ["5 +| 3", ["Urgent stuff", "bug", "Zuhause"]],
    ["5 + |3", null],
    ["C#|", null],
    ["a@|b", null],
    ["Fix \\#ap|", null],
    ["|", null],
  ])("%s", (text, expected) => {
    expect(labels(text)).toEqual(expected);
  });

  it("are understood when they are taken", () => {
    const projects = ["A", "2026", "! odd", "Ends with.", "Umzug & Küche", "a-b_c", "x y z"].map(
      (name) => ({ id: name, name, archived: false }),
    );
    const members = [
      { user_id: "1", name: "Jo Doe", email: "jo1@example.com", is_active: true },
      { user_id: "2", name: "Jo Doe", email: "jo2@example.com", is_active: true },
    ];
    const context = { ...CONTEXT, projects, members };
    for (const { key, insert } of at("#|", context)?.options ?? []) {
      expect(parse(`Fix ${insert} now`, context).project, insert).toBe(key);
    }
    for (const { key, insert } of at("@|", context)?.options ?? []) {
      expect(parse(`Fix ${insert} now`, context).assignee, insert).toBe(key);
    }
    for (const { key, insert } of at("!|", context)?.options ?? []) {
      expect(parse(`Fix ${insert} now`, context).priority, insert).toBe(key);
    }
  });
});

describe("pasted lines", () => {
  it("are tasks without what a list has before them", () => {
    expect(taskLines("- one\r\n* two\n\n  • three \n- [ ] four\n[x] five\u2028six")).toEqual([
      "one",
      "two",
      "three",
      "four",
      "five",
      "six",
    ]);
    expect(taskLines("1. one\n2) two\n3. three")).toEqual(["one", "two", "three"]);
    expect(taskLines("24. Dezember Gans\n1. Mai Rad")).toEqual(["24. Dezember Gans", "1. Mai Rad"]);
    expect(taskLines("5 + 3\n-\n--\n+bug fix")).toEqual(["5 + 3", "-", "--", "+bug fix"]);
    expect(taskLines(" \n \n")).toEqual([]);
  });
});
