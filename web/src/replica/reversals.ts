/** Entries that take others back: what they know of those, and those of them. */

import type { Entry } from "./model";

/** Whether a request with it may have gone out. */
export const isBegun = ({ state, sent }: Entry): boolean => state === "done" || sent !== undefined;

export type Reversal = Entry & { work: { kind: "undo"; seq?: number; of: string } };

export const withSeq = <E extends Entry>(entry: E, seq: number | undefined): E =>
  seq === undefined ? entry : { ...entry, work: { ...entry.work, seq } };

/** The entry that `entry` is to reverse, by a commit that is not known yet. */
export const awaited = ({ work, state }: Entry): string[] =>
  work.kind === "undo" && work.seq === undefined && work.of !== undefined && state !== "done"
    ? [work.of]
    : [];

/** Its key, and that of what it has reversed, which waited for it. */
export const withReversed = ({ key, work }: Entry): string[] =>
  work.kind === "undo" && work.of !== undefined ? [key, work.of] : [key];

/** The keys of those that others among `entries` have reversed. */
export const reversed = (entries: readonly Entry[]): Set<string> =>
  new Set(
    entries.flatMap(({ work, state }) =>
      work.kind === "undo" && state === "done" && work.of !== undefined ? work.of : [],
    ),
  );
