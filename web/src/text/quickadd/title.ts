/** What is left of a line when what was understood is taken out. */

export type Cut = { start: number; end: number };

const AFTER = new Set([...",;:.!?…)]}"]);
const DANGLING = new Set([...",;:–—-"]);
// Marks of direction come in pairs too.
const BRACKETS: Record<string, string> = {
  "(": ")",
  "[": "]",
  "{": "}",
  "\u202a": "\u202c",
  "\u202b": "\u202c",
  "\u2066": "\u2069",
  "\u2067": "\u2069",
  "\u2068": "\u2069",
};

/** `cuts` in order, none over another. White space becomes single spaces. */
export function without(line: string, cuts: readonly Cut[]): string {
  const pieces: string[] = [];
  let from = 0;
  for (const cut of cuts) {
    pieces.push(line.slice(from, cut.start));
    from = cut.end;
  }
  pieces.push(line.slice(from));
  const texts = pieces.map((piece) => piece.replace(/\s+/gu, " ").trim());
  if (texts.length > 1) {
    unbracket(texts);
    trimEnds(texts);
  }
  let title = "";
  texts.forEach((text, at) => {
    if (text === "") return;
    // A full stop that stood right behind a date goes to the word before it.
    const joins = AFTER.has(text.charAt(0)) && !/^\s/u.test(pieces[at] ?? "");
    title += title === "" || joins || /[([{]$/.test(title) ? text : ` ${text}`;
  });
  return title;
}

/** Brackets that had nothing else in them. */
function unbracket(texts: string[]): void {
  for (let at = 1; at < texts.length; at += 1) {
    const before = texts[at - 1] ?? "";
    const after = texts[at] ?? "";
    const closing = BRACKETS[before.slice(-1)];
    if (closing && after.startsWith(closing)) {
      texts[at - 1] = before.slice(0, -1).trim();
      texts[at] = after.slice(1).trim();
    }
  }
}

/** Commas and dashes that led from or to what was taken out: at the ends, and between two of those. */
function trimEnds(texts: string[]): void {
  for (let at = 1; at < texts.length - 1; at += 1) {
    if (trimStart(texts[at] ?? "") === "") texts[at] = "";
  }
  const first = texts.findIndex((text) => text !== "");
  if (first > 0) texts[first] = trimStart(texts[first] ?? "");
  const last = texts.findLastIndex((text) => text !== "");
  if (last >= 0 && last < texts.length - 1) texts[last] = trimEnd(texts[last] ?? "");
}

function trimStart(text: string): string {
  let begin = 0;
  while (begin < text.length && (DANGLING.has(text.charAt(begin)) || text.charAt(begin) === " "))
    begin += 1;
  return text.slice(begin);
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (DANGLING.has(text.charAt(end - 1)) || text.charAt(end - 1) === " ")) end -= 1;
  return text.slice(0, end);
}
