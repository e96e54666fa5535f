/** The time as the server has it: this machine's own clock may be wrong by a day. */

// An answer's Date has whole seconds and its way took time; less than this is no difference.
const TOLERANCE_MS = 5_000;

let offsetMs = 0;

/** Learn from an answer's `Date` header. */
export function observe(date: string | null, at: number = Date.now()): void {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return;
  const seen = theirs - at;
  offsetMs = Math.abs(seen) <= TOLERANCE_MS ? 0 : seen;
}

/** Milliseconds since the epoch, by the server's clock as far as it is known. */
export const nowMs = (): number => Date.now() + offsetMs;

export const now = (): Date => new Date(nowMs());
