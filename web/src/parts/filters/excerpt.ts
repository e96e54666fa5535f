/** Where words are found in a text: what to mark, and which part of a long text to show. */

import { plain } from "@/text/markdown/plain";
import { spaced } from "./matching";

export type Piece = { text: string; hit: boolean };

const TOKEN = /[\p{L}\p{N}\p{M}]+/gu;
const AROUND = 90;
// As much of a text as is looked through; a match further on is shown without an excerpt.
const MOST = 65_536;

function hits(token: string, words: readonly string[]): boolean {
  const own = spaced(token).trim();
  return words.some((word) => own.startsWith(word));
}

/** The text in pieces, which make it up again; those that begin with one of `words` are hits. */
export function marked(text: string, words: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let rest = 0;
  if (words.length > 0) {
    for (const match of text.matchAll(TOKEN)) {
      if (!hits(match[0], words)) continue;
      if (match.index > rest) pieces.push({ text: text.slice(rest, match.index), hit: false });
      pieces.push({ text: match[0], hit: true });
      rest = match.index + match[0].length;
    }
  }
  if (rest < text.length) pieces.push({ text: text.slice(rest), hit: false });
  return pieces;
}

const atSpace = (text: string, from: number): number => {
  const space = text.indexOf(" ", from);
  return space === -1 || space - from > 30 ? from : space + 1;
};

/** The surroundings of the first hit, on one line; null where there is none. */
export function excerpt(description: string, words: readonly string[]): string | null {
  const text = plain(description.slice(0, MOST)).replace(/[\s\p{Cc}]+/gu, " ");
  for (const match of text.matchAll(TOKEN)) {
    if (!hits(match[0], words)) continue;
    const from = match.index <= AROUND ? 0 : atSpace(text, match.index - AROUND);
    const to = Math.min(text.length, match.index + match[0].length + AROUND);
    return `${from > 0 ? "… " : ""}${text.slice(from, to).trim()}${to < text.length ? " …" : ""}`;
  }
  return null;
}
