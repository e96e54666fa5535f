import { describe, expect, it } from "vitest";
import { fromWall, HOUR, toWall, usableZone } from "./zone";

const at = (text: string) => Date.parse(text);
const wall = (text: string) => Date.parse(`${text}Z`);

describe("wall times", () => {
  it.each([
    ["Europe/Berlin", "2026-01-15T12:00", "2026-01-15T11:00Z"],
    ["Europe/Berlin", "2026-07-15T12:00", "2026-07-15T10:00Z"],
    ["America/New_York", "2026-12-31T23:59", "2027-01-01T04:59Z"],
    ["Asia/Kolkata", "2026-02-28T00:00", "2026-02-27T18:30Z"],
    ["Pacific/Kiritimati", "2027-01-01T00:00", "2026-12-31T10:00Z"],
    ["Pacific/Pago_Pago", "2026-12-31T23:00", "2027-01-01T10:00Z"],
    ["Asia/Kathmandu", "2026-05-05T05:45", "2026-05-05T00:00Z"],
    ["UTC", "2024-02-29T00:00", "2024-02-29T00:00Z"],
    // Both sides of a change, to the minute.
    ["Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59Z"],
    ["Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"],
    ["Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30Z"],
    ["Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30Z"],
  ])("%s %s", (zone, shown, moment) => {
    expect(fromWall(wall(shown), zone)).toBe(at(moment));
    expect(toWall(at(moment), zone)).toBe(wall(shown));
  });

  it.each([
    ["Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:30"],
    ["America/New_York", "2026-03-08T02:15", "2026-03-08T03:15"],
    ["Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-04T02:40"],
  ])("%s skips %s, which stands for %s", (zone, asked, shown) => {
    expect(toWall(fromWall(wall(asked), zone), zone)).toBe(wall(shown));
  });

  it.each([
    ["Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z"],
    ["America/New_York", "2026-11-01T01:15", "2026-11-01T05:15Z"],
    ["Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z"],
  ])("%s has %s twice, and the first counts", (zone, shown, moment) => {
    expect(fromWall(wall(shown), zone)).toBe(at(moment));
  });

  it("come back from every hour of two years", () => {
    const wrong: string[] = [];
    for (const zone of [
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "Asia/Tehran",
    ]) {
      let previous = Number.NEGATIVE_INFINITY;
      for (let hour = 0; hour < 2 * 366 * 24; hour += 1) {
        const moment = at("2025-12-30T00:00Z") + hour * HOUR;
        const back = fromWall(toWall(moment, zone), zone);
        // An hour that comes twice leads to its first.
        const same = moment === back || toWall(back, zone) === toWall(moment, zone);
        if (!same || back < previous) wrong.push(`${zone} ${new Date(moment).toISOString()}`);
        previous = back;
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("zones", () => {
  it("are the machine's own where the name means nothing here", () => {
    expect(usableZone("America/New_York")).toBe("America/New_York");
    expect(usableZone("Mars/Olympus")).not.toBe("Mars/Olympus");
    expect(usableZone("")).toBeTruthy();
    expect(usableZone(null)).toBeTruthy();
  });
});
