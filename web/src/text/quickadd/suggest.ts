/** What can be meant by the name that is being typed behind `#`, `@`, `+` or `!`. */

import { PRIORITIES, type Priority } from "@/replica/model";
import { foldGerman, foldName } from "./fold";
import type { Context } from "./parse";
import type { Sign } from "./words";

export type Suggestion = {
  key: string;
  label: string;
  /** Beside it: an address. */
  hint: string | null;
  /** What is typed for it. */
  insert: string;
  isNew: boolean;
};

export type Suggestions = {
  sign: Sign;
  /** What `insert` takes the place of. */
  start: number;
  end: number;
  options: Suggestion[];
};

const MOST = 8;
const LONGEST = 80;
const PLAIN = /^[\p{L}\p{N}_][^"“”„«»`\\]*$/u;

/** For the name before the caret; null where none is being typed. `words` are those of the priorities. */
export function suggest(
  text: string,
  caret: number,
  context: Pick<Context, "projects" | "members" | "labels" | "me">,
  words: Readonly<Record<Priority, string>>,
): Suggestions | null {
  const start = signBefore(text, caret);
  if (start < 0) return null;
  const sign = text.charAt(start) as Sign;
  const typed = text.slice(start + 1, caret).replace(/^["“„«]/, "");
  if (/^\s/.test(typed)) return null;
  const all = candidates(sign, context, words);
  const ended = /\s$/.test(typed);
  // Behind its space a name is done; a longer one may go on.
  const options = ranked(all, typed).filter(
    ({ label }) => !ended || foldName(label) !== foldName(typed),
  );
  const exact = options.some(({ label }) => foldName(label) === foldName(typed));
  if (sign === "+" && /^\p{L}[^\s]*$/u.test(typed) && !exact) {
    const insert = `+${typed}`;
    options.push({ key: "new", label: typed, hint: null, insert, isNew: true });
  }
  // Nothing is so called: a word like any other.
  return options.length > 0 ? { sign, start, end: caret, options } : null;
}

/** Where the nearest sign stands that begins a word; -1 without one. */
function signBefore(text: string, caret: number): number {
  for (let at = caret - 1; at >= 0 && at >= caret - LONGEST; at -= 1) {
    const char = text.charAt(at);
    if (/[\r\n]/.test(char)) return -1;
    if (/[#@+!]/.test(char) && (at === 0 || /[\s(]/.test(text.charAt(at - 1)))) return at;
  }
  return -1;
}

function candidates(
  sign: Sign,
  context: Pick<Context, "projects" | "members" | "labels" | "me">,
  words: Readonly<Record<Priority, string>>,
): Suggestion[] {
  const option = (key: string, label: string, hint: string | null, name: string): Suggestion => ({
    key,
    label,
    hint,
    insert: `${sign}${name}`,
    isNew: false,
  });
  switch (sign) {
    case "#":
      return context.projects
        .filter(({ archived }) => !archived)
        .map(({ id, name }) => option(id, name, null, quoted(name)));
    case "+":
      return context.labels.map(({ id, name }) => option(id, name, null, quoted(name)));
    case "!":
      return PRIORITIES.map((value, at) => option(value, words[value], `!${at + 1}`, value));
    case "@": {
      const times = new Map<string, number>();
      for (const { name } of context.members) {
        times.set(foldName(name), (times.get(foldName(name)) ?? 0) + 1);
      }
      return context.members
        .filter(({ is_active }) => is_active)
        .sort((a, b) => Number(b.user_id === context.me) - Number(a.user_id === context.me))
        .map(({ user_id, name, email }) => {
          // Of two who are called the same, the address says which.
          const alone = times.get(foldName(name)) === 1 || email === null;
          return option(user_id, name, email, alone ? quoted(name) : email);
        });
    }
  }
}

const quoted = (name: string): string =>
  PLAIN.test(name) && !/^\d+$/.test(name) && !/[.,;:!?)\]]$/.test(name) ? name : `"${name}"`;

/** Names that begin so, then those with such a word, then those that have it anywhere. */
function ranked(options: readonly Suggestion[], typed: string): Suggestion[] {
  const wanted = foldName(typed);
  const german = foldName(foldGerman(typed));
  const open = /[\s_-]/.test(typed);
  const buckets: [Suggestion[], Suggestion[], Suggestion[]] = [[], [], []];
  for (const option of options) {
    const name = foldName(option.label);
    const hint = option.hint?.toLowerCase() ?? "";
    if (name.startsWith(wanted) || foldName(foldGerman(option.label)).startsWith(german)) {
      buckets[0].push(option);
      if (buckets[0].length >= MOST) break;
    } else if (open) {
      // Behind a space the name has ended, unless it goes on just so.
    } else if (name.includes(` ${wanted}`) || hint.startsWith(wanted)) buckets[1].push(option);
    else if (name.includes(wanted)) buckets[2].push(option);
  }
  return buckets.flat().slice(0, MOST);
}
