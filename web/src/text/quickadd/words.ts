/** A line, cut into words once; everything else works on these. */

import { fold } from "./fold";

export type Word = {
  /** Where it stands, without the punctuation around it. */
  start: number;
  end: number;
  raw: string;
  folded: string;
  /** Punctuation right behind it, such as the dot of `24.12.`. */
  trail: string;
  /** Punctuation right before it, and spaces before that. */
  open: boolean;
  /** In quotes, or behind a backslash: only words. */
  plain: boolean;
  /** `#`, `@`, `+` or `!` before it; `raw` is without. `start` is the sign's. */
  sign: Sign | null;
  /** Its name was in quotes: `#"Big launch"`. */
  quoted: boolean;
};

export type Sign = "#" | "@" | "+" | "!";

// Marks of direction take no part in words; spaces are what Unicode has for spaces.
const MARKS = "\\u200b-\\u200f\\u061c\\u2060\\u2066-\\u2069\\u202a-\\u202e\\ufeff";
const CHUNK = /\S+/gu;
const OPENING = new RegExp(`^[(\\[{<'‘‚¿¡${MARKS}]+`, "u");
const CLOSING = new RegExp(`[)\\]}>'’,;:!?.…。、؟،${MARKS}]`, "u");
// No word that means anything is longer.
const LONGEST = 320;
const SIGNED = /^[#@+!]/u;
const CLOSED_BY: Record<string, string> = {
  '"': '"',
  "„": '“”"',
  "“": "”",
  "«": "»",
  "»": "«",
  "`": "`",
};

type Span = { start: number; end: number };

/**
 * The words of a line, and the quotes in it.
 *
 * Takes time in proportion to the line's length, whatever it is.
 */
export function words(line: string): Word[] {
  const found: Word[] = [];
  const quotes = new Quotes(line);
  let from = 0;
  CHUNK.lastIndex = 0;
  for (let match = CHUNK.exec(line); match; match = CHUNK.exec(line)) {
    const start = match.index;
    const chunk = match[0];
    if (start < from) {
      continue; // A quotation has swallowed it.
    }
    const lead = OPENING.exec(chunk)?.[0].length ?? 0;
    const begin = start + lead;
    const sign = SIGNED.test(chunk.slice(lead)) ? (line.charAt(begin) as Sign) : null;
    const quote = quotes.at(begin + (sign ? 1 : 0));
    if (quote && sign && sign !== "!") {
      found.push(named(line, begin, quote, sign));
      from = quote.end;
      continue;
    }
    if (quote) {
      found.push({ ...word(line, begin, quote.end, lead), plain: true });
      from = quote.end;
      continue;
    }
    found.push(word(line, begin, start + chunk.length, lead));
  }
  return found;
}

function word(line: string, start: number, chunkEnd: number, lead: number): Word {
  const sign = chunkEnd - start > 1 && SIGNED.test(line.charAt(start));
  const begin = sign ? start + 1 : start;
  let end = chunkEnd;
  // A loop, since an expression that looks for the end begins anew at each mark on the way.
  while (end > begin && CLOSING.test(line.charAt(end - 1))) end -= 1;
  // Of `!!!` nothing would be left.
  if (end === begin) end = chunkEnd;
  const raw = line.slice(begin, end);
  const long = raw.length > LONGEST;
  return {
    start,
    end,
    raw,
    folded: long ? "" : fold(raw),
    trail: line.slice(end, chunkEnd),
    open: lead > 0,
    plain: long,
    sign: sign ? (line.charAt(start) as Sign) : null,
    quoted: false,
  };
}

/** A word that a backslash stands before, without it. */
export function unescaped(line: string, escaped: Word): Word {
  const end = escaped.end + escaped.trail.length;
  return word(line, escaped.start + 1, end, 0);
}

function named(line: string, start: number, quote: Span, sign: Sign): Word {
  const raw = line.slice(quote.start + 1, quote.end - 1).trim();
  const base = { start, end: quote.end, raw, folded: fold(raw), trail: "", open: false };
  return { ...base, plain: false, sign, quoted: true };
}

/** Finds where quotations end; each kind of closing mark is looked for once behind each point. */
class Quotes {
  private readonly next = new Map<string, number>();

  constructor(private readonly line: string) {}

  /** The quotation that begins at `index`, if it ends anywhere. */
  at(index: number): Span | null {
    const closers = CLOSED_BY[this.line.charAt(index)];
    if (!closers) return null;
    let end = Number.POSITIVE_INFINITY;
    for (const closer of closers) end = Math.min(end, this.find(closer, index + 1));
    return end === Number.POSITIVE_INFINITY ? null : { start: index, end: end + 1 };
  }

  private find(closer: string, from: number): number {
    const known = this.next.get(closer) ?? -1;
    if (known >= from) return known;
    const found = this.line.indexOf(closer, from);
    const at = found < 0 ? Number.POSITIVE_INFINITY : found;
    this.next.set(closer, at);
    return at;
  }
}
