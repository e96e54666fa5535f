import i18next from "i18next";
import { beforeAll, describe, expect, test } from "vitest";
import { asProblem, Problem } from "@/api/problem";
import { aboutAll } from "@/i18n/problemWords";
import { colourOf, contrast, PEOPLE_COLOURS, readableOn } from "./colours";
import { quickDays } from "./DuePicker";
import { initials } from "./initials";
import { lineDiff, shortened } from "./lineDiff";
import { matching } from "./Picker";
import { commonRules, readRule, ruleInWords } from "./recurrence";
import { startForTests } from "./testing";

beforeAll(() => startForTests("parts"));

test.each([
  ["Ada Lovelace", "AL"],
  ["ada", "A"],
  ["Jean-Luc de la Tour", "JT"],
  ["  Grace   Hopper (Navy)", "GH"],
  ["Élodie Œuvre", "ÉŒ"],
  ["E\u0301lodie", "E\u0301"],
  ["👩‍🚀 Sally", "👩‍🚀S"],
  ["محمد علي", "مع"],
  ['"Bob"', "B"],
  ["ß x", "SSX"],
  ["dura-user-1", "1"],
  ["dura-user-2115", "115"],
  ["ada2", "A"],
  ["", "?"],
  ["--- ...", "?"],
])("initials of %j are %s", (name, expected) => expect(initials(name)).toBe(expected));

describe("contrast", () => {
  test("is that of WCAG", () => {
    expect(contrast("#000000", "#ffffff")).toBe(21);
    expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
  });

  test("every label can be read", () => {
    for (let colour = 0; colour < 0x1000000; colour += 4_099) {
      const hex = `#${colour.toString(16).padStart(6, "0")}`;
      expect(contrast(hex, readableOn(hex))).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("every person can be read, and stays the same", () => {
    for (const colour of PEOPLE_COLOURS) expect(contrast(colour, "#ffffff")).toBeGreaterThan(5);
    const ids = Array.from({ length: 200 }, (_, i) => `0199c0de-1a2b-7c3d-8e4f-${i}`);
    expect(new Set(ids.map(colourOf)).size).toBe(PEOPLE_COLOURS.length);
    expect(colourOf("x")).toBe(colourOf("x"));
  });
});

describe("recurrence", () => {
  test.each([
    ["FREQ=DAILY", "Every day", "Jeden Tag"],
    ["FREQ=DAILY;INTERVAL=3", "Every 3 days", "Alle 3 Tage"],
    ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Every working day", "An jedem Werktag"],
    [
      "RRULE:freq=weekly;interval=2;byday=mo,th",
      "Every 2 weeks on Monday and Thursday",
      "Alle 2 Wochen am Montag und Donnerstag",
    ],
    ["FREQ=MONTHLY;BYMONTHDAY=15", "Every month on day 15", "Jeden Monat am 15."],
    ["FREQ=MONTHLY;BYMONTHDAY=-1", "Every month on the last day", "Jeden Monat am letzten Tag"],
    [
      "FREQ=MONTHLY;BYDAY=2TU",
      "Every month on the second Tuesday",
      "Jeden Monat am zweiten Dienstag",
    ],
    [
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
      "Every month on the last working day",
      "Jeden Monat am letzten Werktag",
    ],
    ["FREQ=YEARLY;BYMONTH=3", "Every year in March", "Jedes Jahr im März"],
    ["FREQ=DAILY;COUNT=5", "Every day, 5 times", "Jeden Tag, 5-mal"],
    ["FREQ=DAILY;UNTIL=20261224", "Every day, until Dec 24, 2026", "Jeden Tag, bis 24. Dez. 2026"],
    ["FREQ=DAILY;BYHOUR=8,20", "Every day at 8:00 AM and 8:00 PM", "Jeden Tag um 8:00 und 20:00"],
    [
      "FREQ=YEARLY;BYWEEKNO=20",
      "By the rule FREQ=YEARLY;BYWEEKNO=20",
      "Nach der Regel FREQ=YEARLY;BYWEEKNO=20",
    ],
  ])("%s", (rule, english, german) => {
    const words = (lng: string) =>
      ruleInWords(rule, i18next.getFixedT(lng), lng).replaceAll("\u202f", " ");
    expect(words("en")).toBe(english);
    expect(words("de")).toBe(german);
  });

  test.each([
    "",
    "DAILY",
    "FREQ=HOURLY",
    "FREQ=DAILY;FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=1001",
    "FREQ=DAILY;COUNT=2;UNTIL=20261224",
    "FREQ=DAILY;BYSECOND=1",
    "FREQ=WEEKLY;BYDAY=XX",
    "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=DAILY;BYHOUR=-1",
    `FREQ=DAILY;BYHOUR=${"1,".repeat(300)}1`,
    "FREQ=DAILY=1",
  ])("%j is no rule", (rule) => expect(readRule(rule)).toBeNull());

  test("the common ones fit the day", () => {
    expect(commonRules("2026-11-22")).toEqual([
      "FREQ=DAILY",
      "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
      "FREQ=WEEKLY;BYDAY=SU",
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
      "FREQ=MONTHLY;BYMONTHDAY=22",
      "FREQ=MONTHLY;BYDAY=4SU",
      "FREQ=YEARLY",
    ]);
    expect(commonRules("2028-02-29")).toContain("FREQ=MONTHLY;BYMONTHDAY=-1");
    expect(commonRules("2028-02-29")).toContain("FREQ=MONTHLY;BYDAY=-1TU");
    for (const rule of commonRules("2026-12-31")) expect(readRule(rule)).not.toBeNull();
  });
});

describe("two texts", () => {
  const shown = (theirs: string, mine: string) =>
    lineDiff(theirs, mine).map(
      ({ kind, text }) => `${{ same: " ", mine: "+", theirs: "-" }[kind]}${text}`,
    );

  test.each([
    ["a\nb\nc", "a\nb\nc", [" a", " b", " c"]],
    ["a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]],
    ["a\nc", "a\nb\nc", [" a", "+b", " c"]],
    ["", "a", ["-", "+a"]],
    ["a\na\na", "a", [" a", "-a", "-a"]],
    ["a\nb\nc\nd", "b\nx\nd\na", ["-a", " b", "-c", "+x", " d", "+a"]],
  ])("%j and %j", (theirs, mine, expected) => expect(shown(theirs, mine)).toEqual(expected));

  test("both can be read out of it, whatever they are", () => {
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % n;
    };
    const text = () => Array.from({ length: random(9) }, () => "abc"[random(3)]).join("\n");
    for (let i = 0; i < 300; i++) {
      const [theirs, mine] = [text(), text()];
      const lines = lineDiff(theirs, mine);
      const of = (kind: string) =>
        lines.filter((line) => line.kind === "same" || line.kind === kind).map((l) => l.text);
      expect(of("theirs").join("\n")).toBe(theirs);
      expect(of("mine").join("\n")).toBe(mine);
    }
  });

  test("very long ones are told as a whole", () => {
    const text = (word: string) => Array.from({ length: 5_000 }, (_, i) => word + i).join("\n");
    expect(lineDiff(text("a"), text("b"))).toHaveLength(10_000);
  });

  test("what is alike is left out far from what differs", () => {
    const text = Array.from({ length: 20 }, (_, i) => `${i}`).join("\n");
    expect(shortened(lineDiff(text, text.replace("10", "x")), 1)).toEqual([
      { kind: "skipped", count: 9 },
      { kind: "same", text: "9" },
      { kind: "theirs", text: "10" },
      { kind: "mine", text: "x" },
      { kind: "same", text: "11" },
      { kind: "skipped", count: 8 },
    ]);
  });
});

test("quick days: next week is the next Monday", () => {
  expect(quickDays("2026-11-22").nextWeek).toBe("2026-11-23");
  expect(quickDays("2026-11-23").nextWeek).toBe("2026-11-30");
  expect(quickDays("2026-12-31")).toMatchObject({ tomorrow: "2027-01-01" });
});

test("options are found without their accents, beginnings first", () => {
  const options = ["Zoë", "Jörg Zorn", "Azo"].map((label) => ({ value: label, label }));
  expect(matching(options, "zo").map((one) => one.label)).toEqual(["Zoë", "Jörg Zorn", "Azo"]);
  expect(matching(options, "jorg")).toHaveLength(1);
  expect(matching(options, "(")).toEqual([]);
});

describe("problems in words", () => {
  const said = (problem: Problem) => aboutAll(i18next.t, problem, i18next.language);

  test("have words of their own, else the server's", () => {
    expect(said(new Problem(409, "name_taken", "x"))).toContain("Choose another name");
    expect(said(new Problem(409, "of_tomorrow", "The server says why."))).toBe(
      "The server says why.",
    );
    expect(said(new Problem(413, "http_413", "Request Entity Too Large"))).toContain("in parts");
    expect(said(new Problem(502, "http_502", "Bad Gateway"))).not.toContain("Gateway");
    expect(said(asProblem(new TypeError("Failed to fetch")))).toContain("cannot be reached");
    expect(said(new Problem(429, "rate_limited", "x", [], 120_000))).toContain("2 minutes");
  });

  test("say what is wrong with the values", () => {
    const errors = [{ pointer: "/title", code: "too_long", detail: "x" }];
    expect(said(new Problem(422, "invalid", "x", errors))).toBe("This is too long.");
  });
});

test("both languages have the same words", async () => {
  await startForTests("parts", "markdown");
  const keys = (node: object, before = ""): string[] =>
    Object.entries(node).flatMap(([key, value]) =>
      typeof value === "object" ? keys(value, `${before}${key}.`) : [before + key],
    );
  for (const ns of ["parts", "markdown"]) {
    const [en, de] = ["en", "de"].map((lng) => keys(i18next.getResourceBundle(lng, ns)).sort());
    expect(de).toEqual(en);
  }
});
