/** What the buttons of the editor do to a text and its selection. */

export type Selected = { text: string; start: number; end: number };
/** `from` to `to` of the text is replaced by `insert`; then `start` to `end` is selected. */
export type Edit = { from: number; to: number; insert: string; start: number; end: number };

/** The text after an edit. */
export const applied = (text: string, edit: Edit): string =>
  text.slice(0, edit.from) + edit.insert + text.slice(edit.to);

/** Put `mark` around the selection, or take it away where it is there. */
export function surround({ text, start, end }: Selected, mark: string): Edit {
  const { length } = mark;
  const within = text.slice(start, end);
  const around =
    text.slice(start - length, start) === mark && text.slice(end, end + length) === mark;
  // A single star inside two is the mark of bold, not of italic.
  const other = mark === "*" && text[start - 2] === "*" && text[start - 3] !== "*";
  if (around && start >= length && !other) {
    const from = start - length;
    return { from, to: end + length, insert: within, start: from, end: end - length };
  }
  // Marks hold only directly beside what they mark.
  const lead = within.length - within.trimStart().length;
  const core = within.trim();
  const from = core === "" ? start : start + lead;
  const to = core === "" ? end : from + core.length;
  const marked = text.slice(from, to);
  return {
    from,
    to,
    insert: mark + marked + mark,
    start: from + length,
    end: to + length,
  };
}

/** The selection as a link; as its address where it looks like one. */
export function link({ text, start, end }: Selected, words: string): Edit {
  const within = text.slice(start, end);
  const address = /^https?:\/\/\S+$/.test(within);
  const shown = address || within === "" ? words : within;
  const href = address ? within : "https://";
  const insert = `[${shown}](${href})`;
  const at = start + (address ? 1 : shown.length + 3);
  return { from: start, to: end, insert, start: at, end: at + (address ? shown : href).length };
}

const ITEM = /^(\s*)(?:[-*+] (?:\[[ xX]\] )?|\d{1,9}[.)] )?/;

/** Each selected line as an item of a list, or as plain lines where all of them are that already. */
export function list({ text, start, end }: Selected, marker: "- " | "- [ ] "): Edit {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const after = text.indexOf("\n", Math.max(start, end > start ? end - 1 : end));
  const to = after === -1 ? text.length : after;
  const lines = text.slice(from, to).split("\n");
  const has = (line: string) => line.trimStart().match(ITEM)?.[0].replace(/[xX]/, " ") === marker;
  const off = lines.every(has);
  const insert = lines
    .map((line) => line.replace(ITEM, (_, blanks: string) => blanks + (off ? "" : marker)))
    .join("\n");
  const one = lines.length === 1 && start === end;
  const caret = Math.max(from, start + insert.length - (to - from));
  return one
    ? { from, to, insert, start: caret, end: caret }
    : { from, to, insert, start: from, end: from + insert.length };
}

/** Code: within its line, or as a block where it has several. */
export function code(selected: Selected): Edit {
  const { text, start, end } = selected;
  const within = text.slice(start, end);
  if (!within.includes("\n")) return surround(selected, "`");
  const before = start === 0 || text[start - 1] === "\n" ? "" : "\n";
  const body = within.endsWith("\n") ? within : `${within}\n`;
  const after = end === text.length || text[end] === "\n" || within.endsWith("\n") ? "" : "\n";
  const longest = Math.max(2, ...[...within.matchAll(/`+/g)].map((ticks) => ticks[0].length));
  const fence = "`".repeat(longest + 1);
  const insert = `${before}${fence}\n${body}${fence}${within.endsWith("\n") ? "\n" : ""}${after}`;
  const at = start + before.length + fence.length + 1;
  return { from: start, to: end, insert, start: at, end: at + body.length - 1 };
}

/** Enter at the end of an item begins the next one; on an empty item it ends the list. */
export function nextItem({ text, start, end }: Selected): Edit | null {
  if (start !== end) return null;
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const line = text.slice(from, start);
  const found = /^(\s*)([-*+]|(\d{1,9})([.)])) (\[[ xX]\] )?(.*)$/.exec(line);
  if (found === null) return null;
  const [, blanks = "", marker = "", number, point = "", box, words = ""] = found;
  if (words.trim() === "") {
    return { from, to: start, insert: "", start: from, end: from };
  }
  const next = number === undefined ? marker : `${Number(number) + 1}${point}`;
  const insert = `\n${blanks}${next} ${box ? "[ ] " : ""}`;
  const caret = start + insert.length;
  return { from: start, to: end, insert, start: caret, end: caret };
}
