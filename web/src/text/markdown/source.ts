/** A text before it is drawn: how much of it at once, and its boxes that can be ticked. */

/** What is drawn before somebody asks for the rest: well under half a second, whatever it is. */
export const SHOWN_AT_FIRST = 10_000;

// Lists and quotes within each other: the time grows faster than the depth, and the stack ends.
const DEEPEST = 40;
// Brackets that may open a link are looked at again for each one that closes.
const MOST_BRACKETS = 1_000;
const MARKERS = /^(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$)))+/;
const MARKER = />|[-*+](?=[ \t]|$)|\d{1,9}[.)]/g;

/** Whether a text is better shown as it was typed than drawn: no person has written it. */
export function tangled(source: string): boolean {
  let brackets = 0;
  let indented = 0;
  let before = 0;
  for (const line of source.split("\n")) {
    const markers = MARKERS.exec(line)?.[0].match(MARKER)?.length ?? 0;
    const blanks = line.length - line.trimStart().length;
    // Each level of a list that grows line by line is indented further.
    indented = markers > 0 && blanks > before ? indented + 1 : markers > 0 ? indented : 0;
    if (markers > 0) before = blanks;
    // An item begins a paragraph of its own.
    const goesOn = line.trim() !== "" && markers === 0;
    brackets = (goesOn ? brackets : 0) + (line.split("[").length - 1);
    if (markers > DEEPEST || indented > DEEPEST || brackets > MOST_BRACKETS) return true;
  }
  return false;
}

/** The beginning of a text, up to the end of a line where there is one; null when that is all. */
export function beginning(source: string, most: number = SHOWN_AT_FIRST): string | null {
  if (source.length <= most * 1.2) return null;
  const line = source.lastIndexOf("\n", most);
  const end = line > most / 2 ? line : most;
  const cut = source.slice(0, end);
  // Half a surrogate pair is no character.
  const whole = /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
  return openFence(whole) ? `${whole}\n${openFence(whole)}` : whole;
}

/** The fence of code that a text leaves open. */
function openFence(text: string): string | null {
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) continue;
    if (open === null) open = fence;
    else if (fence.startsWith(open)) open = null;
  }
  return open;
}

const BOX = /^((?:[-*+]|\d{1,9}[.)])[ \t]+\[)([ \txX])(\])/;

/** The text with the box ticked, or no longer, of the list item that begins at `offset`. */
export function toggled(source: string, offset: number): string | null {
  const found = BOX.exec(source.slice(offset, offset + 200));
  if (found === null) return null;
  const at = offset + (found[1]?.length ?? 0);
  const mark = found[2] === "x" || found[2] === "X" ? " " : "x";
  return source.slice(0, at) + mark + source.slice(at + 1);
}

/** How many boxes a text has, and how many are ticked. */
export function boxes(source: string): { all: number; done: number } {
  const found = [...source.matchAll(/^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[([ xX])\][ \t]/gm)];
  return { all: found.length, done: found.filter((one) => one[1] !== " ").length };
}
