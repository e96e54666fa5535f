/**
 * Moments and the clocks on the wall, in any time zone of the IANA data base.
 *
 * A moment is milliseconds since the epoch. A wall time is what the clocks of a zone show, as
 * milliseconds as if it were UTC: days and hours can be added to it without a thought of summer time.
 */

// Not from the package's index, which brings its whole Date along.
import { tzOffset } from "@date-fns/tz/tzOffset";

export type Moment = number;
export type Wall = number;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const known = new Map<string, boolean>();

function isKnown(zone: string): boolean {
  let answer = known.get(zone);
  if (answer === undefined) {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
      answer = true;
    } catch {
      answer = false;
    }
    known.set(zone, answer);
  }
  return answer;
}

/** The zone that this machine is set to. */
export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** `zone` where this browser knows it, else the machine's own. */
export function usableZone(zone: string | null | undefined): string {
  if (zone && isKnown(zone)) return zone;
  const own = browserZone();
  return isKnown(own) ? own : "UTC";
}

const WEEK = 7 * DAY;
// A week of a zone costs two questions, whatever is asked within it; NaN: the clocks change in it.
const weeks = new Map<string, Map<number, number>>();
const MOST_WEEKS = 5_000;

/** How far the clocks of a zone are ahead of UTC, in milliseconds. */
function offset(moment: Moment, zone: string): number {
  let kept = weeks.get(zone);
  if (!kept || kept.size > MOST_WEEKS) {
    kept = new Map();
    weeks.set(zone, kept);
  }
  const week = Math.floor(moment / WEEK);
  let constant = kept.get(week);
  if (constant === undefined) {
    const begin = ask(week * WEEK, zone);
    constant = ask((week + 1) * WEEK, zone) === begin ? begin : Number.NaN;
    kept.set(week, constant);
  }
  return Number.isNaN(constant) ? ask(moment, zone) : constant;
}

function ask(moment: Moment, zone: string): number {
  const minutes = tzOffset(zone, new Date(moment));
  return Number.isNaN(minutes) ? 0 : Math.round(minutes * MINUTE);
}

/** What the clocks of a zone show at a moment. */
export const toWall = (moment: Moment, zone: string): Wall => moment + offset(moment, zone);

/**
 * When the clocks of a zone show a time.
 *
 * As the server has it (RFC 5545, 3.3.5): one that the clocks skip stands for what they would have
 * shown without the change; of one that comes twice the first counts.
 */
export function fromWall(wall: Wall, zone: string): Moment {
  // No zone is further than a day from UTC, and none changes twice within two days.
  const before = offset(wall - DAY, zone);
  const first = wall - before;
  if (toWall(first, zone) === wall) return first;
  const second = wall - offset(wall + DAY, zone);
  return toWall(second, zone) === wall ? second : first;
}
