/**
 * `@name`: who is meant, by the server's rules (docs/api/notifications.md), so that what looks like
 * a mention here is one that somebody is told of.
 */

export type Person = { user_id: string; name: string; email?: string | null };
export type Mention = { start: number; end: number; userId: string };

const AT = /(?<![\p{L}\p{N}_.%+\-@])@(?=[\p{L}\p{N}_"“„])/gu;
const QUOTED = /^["“„]([^"“”„\n]{1,120})["”“]/u;
const WORD = /[^\s,;:!?()[\]{}<>"“”„*_~|/\\@]+(?:@[\p{L}\p{N}_.-]+)?/uy;
const BLANK = /[ \t]*/y;
const TRAILING = /[.'’-]+$/u;
const GENITIVE = /['’]s$/u;
const LONGEST = 160;
const MOST_WORDS = 10;
const MOST = 200;

const key = (text: string): string =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/ς/g, "σ")
    .split(/\s+/u)
    .filter(Boolean)
    .join(" ");

type Found = Map<string, Set<string>>;

function add(to: Found, name: string, userId: string): void {
  const there = to.get(name);
  if (there) there.add(userId);
  else to.set(name, new Set([userId]));
}

function only(found: Found, name: string): string | null {
  const ids = found.get(name);
  return ids?.size === 1 ? ([...ids][0] ?? null) : null;
}

/** What the members of a workspace can be called. */
export class Names {
  private readonly full: Found = new Map();
  private readonly strong: Found = new Map();
  private readonly first: Found = new Map();

  constructor(people: Iterable<Person>) {
    for (const person of people) this.add(person);
  }

  private add({ user_id, name, email }: Person): void {
    const called = key(name);
    if (called) {
      add(this.full, called, user_id);
      add(this.strong, called, user_id);
      add(this.strong, called.replaceAll(" ", ""), user_id);
      add(this.first, called.split(" ", 1)[0] ?? "", user_id);
    }
    if (email) {
      const address = key(email);
      add(this.strong, address, user_id);
      add(this.strong, address.slice(0, address.lastIndexOf("@")), user_id);
    }
  }

  /** The mentions in a text that has no code in it, in order. */
  in(text: string): Mention[] {
    const found: Mention[] = [];
    if (!text.includes("@")) return found;
    let count = 0;
    for (const at of text.matchAll(AT)) {
      if (count++ >= MOST) break;
      const from = at.index + 1;
      const who = this.who(text.slice(from, from + LONGEST));
      if (who) found.push({ start: at.index, end: from + who.length, userId: who.userId });
    }
    return found;
  }

  private who(rest: string): { userId: string; length: number } | null {
    const quoted = QUOTED.exec(rest);
    if (quoted) {
      const userId = only(this.full, key(quoted[1] ?? ""));
      return userId === null ? null : { userId, length: quoted[0].length };
    }
    const ends = wordEnds(rest);
    for (const end of ends.toReversed()) {
      for (const [name, length] of spellings(rest.slice(0, end))) {
        if (!this.strong.has(name)) continue;
        const userId = only(this.strong, name);
        return userId === null ? null : { userId, length };
      }
    }
    for (const [name, length] of spellings(rest.slice(0, ends[0] ?? 0))) {
      if (!this.first.has(name)) continue;
      const userId = only(this.first, name);
      return userId === null ? null : { userId, length };
    }
    return null;
  }
}

/** Where each of the words ends that a text begins with, as far as only blanks are between them. */
function wordEnds(rest: string): number[] {
  const line = rest.split("\n", 1)[0] ?? "";
  const ends: number[] = [];
  let place = 0;
  while (ends.length < MOST_WORDS) {
    WORD.lastIndex = place;
    const word = WORD.exec(line);
    if (word === null) break;
    place += word[0].length;
    ends.push(place);
    BLANK.lastIndex = place;
    const blank = BLANK.exec(line)?.[0].length ?? 0;
    if (blank === 0) break;
    place += blank;
  }
  return ends;
}

/** A text as it stands, and without what may end a sentence or make a genitive; with their lengths. */
function spellings(text: string): [string, number][] {
  const bare = text.replace(TRAILING, "");
  const genitive = bare.replace(GENITIVE, "");
  return [text, bare, genitive].map((one) => [key(one), one.length]);
}

/** What to write so that `person` is meant; null where nothing does, as of two alike without address. */
export function mentionOf(person: Person, names: Names): string | null {
  const ways = [
    `@${person.name}`,
    `@"${person.name}"`,
    ...(person.email ? [`@${person.email}`] : []),
  ];
  const means = (text: string) => {
    const [found, ...others] = names.in(text);
    return (
      others.length === 0 &&
      found?.userId === person.user_id &&
      found.start === 0 &&
      found.end === text.length
    );
  };
  return ways.find(means) ?? null;
}

const TYPING = /(?<![\p{L}\p{N}_.%+\-@])@(["“„]?)([^\s@"“”„][^\n@"“”„]{0,60}|)$/u;
const SEARCHED = 80;

/** The mention that is being typed right before `caret`: where its `@` is, and what follows it. */
export function typing(text: string, caret: number): { start: number; query: string } | null {
  const from = Math.max(0, caret - SEARCHED);
  const found = TYPING.exec(text.slice(from, caret));
  if (found === null) return null;
  return { start: from + found.index, query: found[2] ?? "" };
}

const MOST_SUGGESTIONS = 8;

/** Who could be meant by what has been typed: names that begin so first, then those with such a word. */
export function suggestions<P extends Person>(query: string, people: readonly P[]): P[] {
  const wanted = key(query);
  const rank = (person: P): number => {
    const name = key(person.name);
    if (name.startsWith(wanted)) return 0;
    if (name.split(" ").some((word) => word.startsWith(wanted))) return 1;
    if (person.email && key(person.email).startsWith(wanted)) return 2;
    return 3;
  };
  return people
    .map((person) => ({ person, rank: rank(person) }))
    .filter((one) => one.rank < 3)
    .sort((a, b) => a.rank - b.rank || a.person.name.localeCompare(b.person.name))
    .slice(0, MOST_SUGGESTIONS)
    .map((one) => one.person);
}
