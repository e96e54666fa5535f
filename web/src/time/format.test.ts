import { afterEach, describe, expect, it, vi } from "vitest";
import * as clock from "./clock";
import { dueOn } from "./dates";
import { dueOf, horizon } from "./due";
import {
  formatAgo,
  formatDay,
  formatDue,
  formatDueBrief,
  formatDueLong,
  formatMoment,
  localeFor,
  monthFirst,
  weekdayNames,
  weekStartOf,
} from "./format";

const BERLIN = "Europe/Berlin";
const NOW = Date.parse("2026-11-22T12:00:00Z"); // Sunday, 13:00 in Berlin
const plain = (text: string) => text.replace(/[\u202f\u00a0]/g, " ");

describe("due dates in words", () => {
  const due = (day: string, time?: [number, number]) =>
    dueOn(day, BERLIN, time ? { hour: time[0], minute: time[1] } : null);

  it.each([
    ["en-GB", due("2026-11-22"), "today"],
    ["en-GB", due("2026-11-23", [14, 0]), "tomorrow 14:00"],
    ["en-US", due("2026-11-23", [14, 0]), "tomorrow 2:00 PM"],
    ["de", due("2026-11-23", [14, 0]), "morgen 14:00"],
    ["de", due("2026-11-22"), "heute"],
    ["de", due("2026-11-21"), "gestern"],
    ["de", due("2026-11-28"), "Samstag"],
    ["en", due("2026-11-27"), "Friday"],
    ["de", due("2026-11-29"), "29. Nov."],
    ["en-US", due("2026-12-24"), "Dec 24"],
    ["de", due("2027-01-02"), "2. Jan. 2027"],
    ["de", due("2026-11-18"), "18. Nov."],
  ])("%s %s: %s", (locale, iso, words) => {
    expect(plain(formatDue(iso, NOW, locale, BERLIN))).toBe(words);
  });

  it("have no time where there is little room and they are far away", () => {
    const said = (day: string) => plain(formatDueBrief(due(day, [14, 0]), NOW, "en-GB", BERLIN));
    expect(said("2026-11-23")).toBe("tomorrow 14:00");
    expect(said("2011-02-23")).toBe("23 Feb 2011");
    expect(said("2027-01-02")).toBe("2 Jan 2027");
    expect(formatDueBrief("soon", NOW, "de", BERLIN)).toBe("");
  });

  it("in full have no time where there is none", () => {
    expect(formatDueLong(due("2026-12-24"), "de", BERLIN)).toBe("Donnerstag, 24. Dezember 2026");
    expect(formatDueLong(due("2026-12-24", [9, 30]), "de", BERLIN)).toContain("9:30");
  });

  it("are nothing where they are none, and no locale throws", () => {
    expect(formatDue("soon", NOW, "de", BERLIN)).toBe("");
    expect(formatDay("2026-13-99", "de")).toBe("");
    expect(formatMoment(NOW, "not a locale", BERLIN)).not.toBe("");
    expect(formatDay("2026-11-22", "xx-YY")).not.toBe("");
  });
});

describe("locales", () => {
  it("know the first day of the week", () => {
    expect(weekStartOf("de")).toBe(1);
    expect(weekStartOf("en-GB")).toBe(1);
    expect(weekStartOf("en-US")).toBe(0);
    expect(weekStartOf("en")).toBe(0);
    expect(weekStartOf("ar-EG")).toBe(6);
    expect(weekStartOf("not a locale")).toBe(1);
    expect(weekdayNames("de")[0]).toBe("Mo");
    expect(weekdayNames("en-US", "weekday")[0]).toBe("Sunday");
  });

  it("know which comes first", () => {
    expect(monthFirst("en")).toBe(true);
    expect(monthFirst("en-GB")).toBe(false);
    expect(monthFirst("de")).toBe(false);
  });

  it("are the browser's for the language", () => {
    expect(localeFor("en", ["de-DE", "en-GB"])).toBe("en-GB");
    expect(localeFor("de", ["en-GB", "de-AT"])).toBe("de-AT");
    expect(localeFor("de", ["fr"])).toBe("de");
  });
});

describe("how long ago", () => {
  it.each([
    ["2026-11-22T11:59:40Z", "now"],
    ["2026-11-22T11:57:00Z", "3 minutes ago"],
    ["2026-11-22T10:00:00Z", "2 hours ago"],
    ["2026-11-21T10:00:00Z", "yesterday"],
    ["2026-11-18T10:00:00Z", "4 days ago"],
    ["2026-11-02T10:00:00Z", "Nov 2, 2026"],
  ])("%s: %s", (iso, words) => {
    expect(formatAgo(iso, NOW, "en-US", BERLIN)).toBe(words);
  });
});

describe("a clock that is wrong by a day", () => {
  afterEach(() => {
    vi.useRealTimers();
    clock.observe(new Date().toUTCString());
  });

  it.each([-1, 1])("(by %d) does not move today", (days) => {
    vi.useFakeTimers({ now: NOW + days * 86_400_000 });
    expect(dueOf(dueOn("2026-11-22", BERLIN), horizon(clock.nowMs(), BERLIN, 1))).not.toBe("today");
    clock.observe(new Date(NOW).toUTCString());
    expect(horizon(clock.nowMs(), BERLIN, 1).today).toBe("2026-11-22");
    expect(dueOf(dueOn("2026-11-22", BERLIN), horizon(clock.nowMs(), BERLIN, 1))).toBe("today");
    expect(formatDue(dueOn("2026-11-23", BERLIN), clock.nowMs(), "de", BERLIN)).toBe("morgen");
  });
});
