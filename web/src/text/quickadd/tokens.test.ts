import { describe, expect, it } from "vitest";
import { TITLE_MAX } from "@/replica/titles";
import { CONTEXT, tell, told } from "./examples";
import { parse, toDraft } from "./index";

const keysOf = (text: string) => parse(text, CONTEXT).tokens.map((token) => token.key);

describe("tokens", () => {
  it("stand where they were typed", () => {
    const text = "Über 🎉 Ada (am 24.12.), !hoch #Apollo 11: +bug, @ada um 17 Uhr";
    const { tokens, title } = parse(text, CONTEXT);
    expect(tokens.map(({ kind, start, end }) => [kind, text.slice(start, end)])).toEqual([
      ["date", "am 24.12."],
      ["priority", "!hoch"],
      ["project", "#Apollo 11"],
      ["label", "+bug"],
      ["assignee", "@ada"],
      ["time", "um 17 Uhr"],
    ]);
    expect(title).toBe("Über 🎉 Ada");
  });

  it("that are switched off are words", () => {
    const text = "Film tomorrow never dies tomorrow !high";
    const [date, priority] = keysOf(text);
    expect(date).toBe("date:tomorrow:1");
    expect(tell(text, { ignored: new Set([date ?? ""]) })).toBe(
      "Film never dies tomorrow | 2026-11-19 | !high",
    );
    const off = new Set(["date:tomorrow:0", "date:tomorrow:1", priority ?? ""]);
    expect(tell(text, { ignored: off })).toBe(text);
  });

  it("stay switched off while something else is typed", () => {
    const off = new Set(keysOf("monday"));
    expect(tell("The monday report +bug", { ignored: off })).toBe("The monday report | +bug");
    expect(tell("The monday report friday", { ignored: off })).toBe(
      "The monday report | 2026-11-20",
    );
  });

  it("say what nobody is called, and what several are", () => {
    const { unknown } = parse("Call @anna or @nobody for #nothing !soon", CONTEXT);
    expect(unknown.map(({ kind, text, reason }) => [kind, text, reason])).toEqual([
      ["assignee", "@anna", "ambiguous"],
      ["assignee", "@nobody", "unknown"],
      ["project", "#nothing", "unknown"],
      ["priority", "!soon", "unknown"],
    ]);
  });
});

describe("time zones and clocks", () => {
  it("today is the person's own", () => {
    const late = Date.parse("2026-11-18T23:30:00Z");
    expect(tell("x today", { now: late })).toBe("x | 2026-11-19");
    expect(tell("x today", { now: late, timeZone: "America/New_York" })).toBe("x | 2026-11-18");
  });

  it("the clock shows what was typed on days when clocks change", () => {
    const march = Date.parse("2026-03-28T12:00:00Z");
    expect(parse("x tomorrow 9:00", { ...CONTEXT, now: march }).due_at).toBe(
      "2026-03-29T07:00:00.000Z",
    );
    expect(tell("x tomorrow 2:30", { now: march })).toBe("x | 2026-03-29T03:30");
    const lordHowe = { now: Date.parse("2026-10-02T12:00:00Z"), timeZone: "Australia/Lord_Howe" };
    expect(tell("x sunday 9:00", lordHowe)).toBe("x | 2026-10-04T09:00");
  });

  it("the year ends", () => {
    const now = Date.parse("2026-12-31T20:00:00Z");
    expect(tell("x tomorrow", { now })).toBe("x | 2027-01-01");
    expect(tell("x 31.12.", { now })).toBe("x | 2026-12-31");
    expect(tell("x 1.1.", { now })).toBe("x | 2027-01-01");
    expect(tell("x at 8:00", { now })).toBe("x | 2027-01-01T08:00");
    expect(tell("x end of year", { now })).toBe("x | 2026-12-31");
  });

  it("a series is told with its zone", () => {
    expect(parse("x every monday", CONTEXT).recurrence).toEqual({
      rule: "FREQ=WEEKLY;BYDAY=MO",
      time_zone: "Europe/Berlin",
      from: "due",
      time: null,
    });
    expect(parse("x alle 3 Tage nach Erledigung", CONTEXT).recurrence?.from).toBe("completion");
  });
});

describe("other scripts", () => {
  it.each([
    ["לקנות חלב tomorrow #פרויקט", "לקנות חלב | 2026-11-19 | #he"],
    ["\u200fלקנות\u200f \u202atomorrow\u202c", "\u200fלקנות\u200f | 2026-11-19"],
    ["u\u0308bermorgen Auto", "Auto | 2026-11-20"],
    ["Ma\u0308rz 3. Termin", "Termin | 2027-03-03"],
    ["买牛奶 2026-12-24", "买牛奶 | 2026-12-24"],
    ["👩‍👩‍👧‍👦 +👩‍👩‍👧‍👦 heute", "👩‍👩‍👧‍👦 | 2026-11-18 | +new 👩‍👩‍👧‍👦"],
    ["T\u0301om\u0301orrowx", "T\u0301om\u0301orrowx"],
  ])("%s", (text, expected) => {
    expect(tell(text)).toBe(expected);
  });
});

describe("drafts", () => {
  const draft = (text: string) => toDraft(parse(text, CONTEXT));

  it("have what was said and nothing else", () => {
    expect(draft("Buy milk")).toEqual({ title: "Buy milk", newLabels: [] });
    expect(draft("Fix +bug +neu #apollo @me !low every monday")).toEqual({
      title: "Fix",
      newLabels: ["neu"],
      label_ids: ["bug"],
      project_id: "apollo",
      assignee_id: "me",
      priority: "low",
      due_at: "2026-11-23T22:59:00.000Z",
      recurrence: {
        rule: "FREQ=WEEKLY;BYDAY=MO",
        time_zone: "Europe/Berlin",
        from: "due",
        time: null,
      },
    });
  });

  it("lose nothing of a title that is too long", () => {
    const long = `${"wörd🎉 ".repeat(40)}tomorrow`;
    const made = draft(long);
    expect([...made.title].length).toBeLessThanOrEqual(TITLE_MAX);
    expect(made.title.endsWith("…")).toBe(true);
    expect(made.description).toBe("wörd🎉 ".repeat(40).trim());
    expect(made.due_at).toBe("2026-11-19T22:59:00.000Z");
    expect([...draft("x".repeat(65_536)).title].length).toBe(TITLE_MAX);
  });
});

describe("any input", { timeout: 30_000 }, () => {
  // A generator of its own, so that a failure can be had again.
  const dice = (seed: number) => () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };

  const PIECES =
    "every each jeden jede alle next this am on um at by bis the of in month monat monday montag mon mo so do " +
    "tomorrow morgen heute end ende 1 2 15. 31. 24.12. 24.12.2026 12/24 1/2 2026-12-24 dec dezember may first " +
    'last letzten 5pm 17:00 17 uhr noon morning days tage weeks half a ein #apollo #x @ada @ +bug +" ! !!! !1 ' +
    '\\ \\# \\morgen " „ “ ( ) , . ; : - – 🎉 \u202e \u0301 ü \ud800 \0 \t until for 3 times completion after nach';

  it("is understood or left alone, and nothing is lost", () => {
    const pieces = PIECES.split(" ");
    const RULE = /^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[^;]+)*$/;
    const wrong: string[] = [];
    for (let seed = 1; seed <= 400; seed += 1) {
      const next = dice(seed);
      const length = 1 + Math.floor(next() * 12);
      const text = Array.from({ length }, () => pieces[Math.floor(next() * pieces.length)]).join(
        next() < 0.85 ? " " : "",
      );
      const language = next() < 0.5 ? "de" : "en-US";
      const parsed = parse(text, { ...CONTEXT, language });
      let from = 0;
      for (const token of parsed.tokens) {
        const stands = token.start >= from && token.end > token.start;
        if (!stands || token.text !== text.slice(token.start, token.end)) wrong.push(text);
        from = token.end;
      }
      if (from > text.length || Number.isNaN(Date.parse(parsed.due_at ?? "2026-01-01"))) {
        wrong.push(text);
      }
      if (parsed.recurrence && (!parsed.due_at || !RULE.test(parsed.recurrence.rule))) {
        wrong.push(text);
      }
      // With everything switched off, all is title.
      const ignored = new Set<string>();
      for (let round = 0; round < 20; round += 1) {
        const { tokens } = parse(text, { ...CONTEXT, language, ignored });
        if (tokens.length === 0) break;
        for (const token of tokens) ignored.add(token.key);
      }
      const bare = parse(text, { ...CONTEXT, language, ignored });
      const same = bare.title === text.replace(/\s+/gu, " ").trim();
      if (!same && !text.includes("\\")) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ["nothing else", "x".repeat(65_000)],
    ["signs", "#".repeat(65_000)],
    ["exclamation marks", "! ".repeat(32_500)],
    ["full stops", `${".".repeat(64_999)}a`],
    ["quotes", '" '.repeat(32_500)],
    ["opening quotes", "„a ".repeat(21_000)],
    ["backslashes", "\\ ".repeat(32_500)],
    ["escapes", "\\#a ".repeat(16_000)],
    ["days", "monday and ".repeat(6_000)],
    ["every", "every ".repeat(10_000)],
    ["leads", "by the ".repeat(9_000)],
    ["labels", "+a ".repeat(21_000)],
    ["names that are nobody's", "@zzz ".repeat(13_000)],
    ["commas", `tomorrow ${",".repeat(64_000)}`],
    ["spaces", `${" ".repeat(64_000)}tomorrow`],
    ["lines", "a\n".repeat(32_500)],
    ["combining characters", `o${"\u0301".repeat(65_000)}`],
    ["surrogates", "\ud800".repeat(65_000)],
  ])("of 65,000 characters: %s", (_, text) => {
    // Ten times each: what grew faster than the text would not end before the test's time does.
    for (let round = 0; round < 10; round += 1) {
      expect(typeof told(parse(text, CONTEXT))).toBe("string");
      toDraft(parse(text, CONTEXT));
    }
  });

  it("of a large workspace", () => {
    const labels = Array.from({ length: 20_000 }, (_, at) => ({
      id: `${at}`,
      name: `Label ${at}`,
    }));
    const context = { ...CONTEXT, labels };
    for (let round = 0; round < 1_000; round += 1) {
      expect(parse("Fix +Label 19999 tomorrow", context).labels[0]?.id).toBe("19999");
    }
  });
});
