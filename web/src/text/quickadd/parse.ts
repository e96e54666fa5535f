/** Quick add: what a line says about a task, in English and German. */

import type { Priority, Recurrence } from "@/replica/model";
import { addDays, type DayKey, dayOf, dueOn, momentOf, type TimeOfDay, toIso } from "@/time/dates";
import { monthFirst } from "@/time/format";
import { type Day, day } from "./days";
import { fold } from "./fold";
import {
  findLabel,
  findPerson,
  findProject,
  type LabelName,
  type Looked,
  type MemberName,
  type ProjectName,
} from "./names";
import { Reader } from "./reader";
import { dayAfter, firstDay, ruleOf, type Series, series } from "./series";
import { time } from "./times";
import { type Cut, without } from "./title";
import { PRIORITY_WORDS } from "./vocabulary";
import { unescaped, type Word, words } from "./words";

export type Context = {
  /** Milliseconds since the epoch, by the server's clock. */
  now: number;
  timeZone: string;
  /** What decides where English and German differ; with its country where that is known: `en-GB`. */
  language: string;
  projects: readonly ProjectName[];
  members: readonly MemberName[];
  labels: readonly LabelName[];
  /** The id of who types. */
  me: string;
  /** Keys of tokens that are to stay words. */
  ignored?: ReadonlySet<string>;
};

/** What a token means; `name` is as the thing is called, which may be more than was typed. */
export type Meaning =
  | { kind: "date"; value: Day }
  | { kind: "time"; value: TimeOfDay }
  | { kind: "recurrence"; value: Series }
  | { kind: "priority"; value: Priority }
  | { kind: "project"; value: string; name: string }
  | { kind: "assignee"; value: string; name: string }
  | { kind: "label"; value: { id: string | null; name: string } };

export type Kind = Meaning["kind"];

export type Token = Meaning &
  Cut & { text: string /** Stays the same while other words change. */; key: string };

/** Looked like something, and is not known, or several are called so. It stays in the title. */
export type Unknown = Cut & {
  kind: "project" | "assignee" | "priority";
  text: string;
  reason: "unknown" | "ambiguous";
};

export type Parsed = {
  title: string;
  tokens: Token[];
  /** Understood as well, but switched off. */
  off: Token[];
  due_at: string | null;
  priority: Priority | null;
  project: string | null;
  assignee: string | null;
  labels: { id: string | null; name: string }[];
  recurrence: Recurrence | null;
  unknown: Unknown[];
};

// What lies behind is title: nobody plans in a novel, and each key typed reads it all.
const LOOKED_AT = 4_000;
const LINE_END = /[\r\n\u2028\u2029]/;

/**
 * What the first line of a text says. Never throws; what is not understood is title.
 *
 * A task has one date, time, priority, project and person: the last one named counts, and those
 * before it stay words. A date that is said to be the due one (by, bis, due, fällig) goes before others.
 */
export function parse(text: string, context: Context): Parsed {
  const stop = text.search(LINE_END);
  const line = stop < 0 ? text : text.slice(0, stop);
  const found = new Finder(line, context).find();
  const tokens = chosen(found.tokens);
  const cuts = [...tokens, ...found.escapes].sort((a, b) => a.start - b.start);
  return {
    title: without(line, cuts),
    tokens,
    off: found.off,
    ...meaningOf(tokens, context),
    unknown: found.unknown,
  };
}

/** A meaning with the words that it takes. */
type Hit = { meaning: Meaning; count: number; end: number };

class Finder {
  private readonly words: Word[];
  private readonly reader: Reader;
  private readonly seen = new Map<string, number>();
  private readonly tokens: Token[] = [];
  private readonly off: Token[] = [];
  private readonly unknown: Unknown[] = [];
  private readonly escapes: Cut[] = [];
  /** Where a time may stand right behind a day. */
  private datedAt = -1;

  constructor(
    private readonly line: string,
    private readonly context: Context,
  ) {
    this.words = words(shortened(line));
    this.reader = new Reader(this.words, {
      now: context.now,
      today: dayOf(context.now, context.timeZone),
      zone: context.timeZone,
      german: context.language.toLowerCase().startsWith("de"),
      monthFirst: writesMonthFirst(context.language),
    });
  }

  find(): { tokens: Token[]; off: Token[]; unknown: Unknown[]; escapes: Cut[] } {
    let index = 0;
    while (index < this.words.length) {
      const word = this.words[index];
      if (word?.raw.startsWith("\\") && !word.plain) index += this.escaped(word, index);
      else index += this.taken(index);
    }
    return { tokens: this.tokens, off: this.off, unknown: this.unknown, escapes: this.escapes };
  }

  /** How many words to go on. */
  private taken(index: number): number {
    const word = this.words[index];
    const hit = this.hit(index, this.unknown);
    if (!word || !hit) return 1;
    const text = this.line.slice(word.start, hit.end);
    const base = `${hit.meaning.kind}:${fold(text)}`;
    const times = this.seen.get(base) ?? 0;
    this.seen.set(base, times + 1);
    const key = `${base}:${times}`;
    const token: Token = { ...hit.meaning, start: word.start, end: hit.end, text, key };
    if (this.context.ignored?.has(key)) {
      this.off.push(token);
      return hit.count;
    }
    this.tokens.push(token);
    if (token.kind === "date" || token.kind === "recurrence") this.datedAt = index + hit.count;
    return hit.count;
  }

  /** A backslash goes where it has kept something from being understood; elsewhere it is text. */
  private escaped(word: Word, index: number): number {
    this.words[index] = unescaped(this.line, word);
    const hit = this.hit(index, []);
    this.words[index] = word;
    // An unknown name is kept from being asked about.
    const sign = /^\\[#@+!]\S/.test(this.line.slice(word.start, word.start + 4));
    if (!hit && !sign) return 1;
    this.escapes.push({ start: word.start, end: word.start + 1 });
    return hit?.count ?? 1;
  }

  private hit(index: number, unknown: Unknown[]): Hit | null {
    const word = this.words[index];
    if (!word || word.plain) return null;
    return word.sign ? this.signed(word, index, unknown) : this.phrase(index);
  }

  private phrase(index: number): Hit | null {
    const often = series(this.reader, index);
    const when = day(this.reader, index);
    const clock = time(this.reader, index, this.datedAt === index);
    const next = Math.max(often?.next ?? 0, when?.next ?? 0, clock?.next ?? 0);
    if (next === 0) return null;
    const last = this.words[next - 1];
    const hit = (meaning: Meaning, dot = false): Hit => ({
      meaning,
      count: next - index,
      end: (last?.end ?? 0) + (dot ? 1 : 0),
    });
    // The longest counts.
    if (often?.next === next) return hit({ kind: "recurrence", value: often.value }, often.dot);
    if (when?.next === next) return hit({ kind: "date", value: when.value }, when.dot);
    return (
      clock && hit({ kind: "time", value: clock.value }, clock.dot && last?.trail.startsWith("."))
    );
  }

  private signed(word: Word, index: number, unknown: Unknown[]): Hit | null {
    const { line, words: all, context } = this;
    if (word.sign === "!") {
      const value = PRIORITY_WORDS.get(word.folded);
      if (value) return { meaning: { kind: "priority", value }, count: 1, end: word.end };
      if (/^\p{L}/u.test(word.raw)) unknown.push(this.missing("priority", word, "unknown"));
      return null;
    }
    if (word.sign === "+") {
      const found = findLabel(line, all, index, context.labels);
      return (
        found && {
          meaning: { kind: "label", value: found.value },
          count: found.count,
          end: found.end,
        }
      );
    }
    if (word.sign === "#") {
      const found = findProject(line, all, index, context.projects);
      const project = found && this.known(found, "project", word, unknown);
      if (!project) return null;
      const { id, name } = project.value;
      return {
        meaning: { kind: "project", value: id, name },
        count: project.count,
        end: project.end,
      };
    }
    const found = findPerson(line, all, index, context.members, context.me);
    const person = this.known(found, "assignee", word, unknown);
    if (!person) return null;
    const name =
      context.members.find((member) => member.user_id === person.value)?.name ?? word.raw;
    return {
      meaning: { kind: "assignee", value: person.value, name },
      count: person.count,
      end: person.end,
    };
  }

  private known<Value>(
    found: Looked<Value>,
    kind: "project" | "assignee",
    word: Word,
    unknown: Unknown[],
  ) {
    if (typeof found !== "string") return found;
    unknown.push(this.missing(kind, word, found));
    return null;
  }

  private missing(kind: Unknown["kind"], word: Word, reason: Unknown["reason"]): Unknown {
    const { start, end } = word;
    return { kind, start, end, text: this.line.slice(start, end), reason };
  }
}

/** The beginning of a line, up to the end of a word. */
function shortened(line: string): string {
  if (line.length <= LOOKED_AT) return line;
  const begin = line.slice(0, LOOKED_AT);
  return begin.slice(0, Math.max(begin.lastIndexOf(" "), 0));
}

const monthsFirst = new Map<string, boolean>();

function writesMonthFirst(language: string): boolean {
  let known = monthsFirst.get(language);
  if (known === undefined) {
    known = monthFirst(language);
    monthsFirst.set(language, known);
  }
  return known;
}

/** Of each kind that a task has one of, the one that counts. */
function chosen(tokens: readonly Token[]): Token[] {
  const last = new Map<Kind, Token>();
  const kept: Token[] = [];
  for (const token of tokens) {
    if (token.kind === "label") {
      kept.push(token);
      continue;
    }
    const before = last.get(token.kind);
    const stronger =
      before?.kind === "date" && token.kind === "date" && before.value.due && !token.value.due;
    if (!stronger) last.set(token.kind, token);
  }
  return [...kept, ...last.values()].sort((a, b) => a.start - b.start);
}

function meaningOf(
  tokens: readonly Token[],
  context: Context,
): Omit<Parsed, "title" | "tokens" | "off" | "unknown"> {
  const of = <K extends Kind>(kind: K) =>
    tokens.find((token): token is Token & { kind: K } => token.kind === kind) ?? null;
  const labels = new Map<string, { id: string | null; name: string }>();
  for (const token of tokens) {
    if (token.kind === "label") {
      const key = token.value.id ?? `new:${fold(token.value.name)}`;
      if (!labels.has(key)) labels.set(key, token.value);
    }
  }
  const often = of("recurrence")?.value ?? null;
  return {
    due_at: due(of("date")?.value ?? null, of("time")?.value ?? null, often, context),
    priority: of("priority")?.value ?? null,
    project: of("project")?.value ?? null,
    assignee: of("assignee")?.value ?? null,
    labels: [...labels.values()],
    recurrence: often && {
      rule: ruleOf(often),
      time_zone: context.timeZone,
      from: often.from,
      time: null,
    },
  };
}

/**
 * When the task is due. A time alone is its next one; a series begins with its first day. A part of
 * today that has passed (“tonight”) means by the end of the day: nothing is overdue when it is made.
 */
function due(
  when: Day | null,
  clock: TimeOfDay | null,
  often: Series | null,
  context: Context,
): string | null {
  const { now, timeZone } = context;
  if (when?.at != null) return toIso(when.at);
  if (!when && !clock && !often) return null;
  const at = clock ?? when?.time ?? often?.time ?? null;
  const today: DayKey = dayOf(now, timeZone);
  const first = often ? firstDay(often, when?.day ?? today) : (when?.day ?? today);
  const moment = dueOn(first, timeZone, at);
  const part = when?.time && !clock && !often && first === today;
  if (part && momentOf(moment) <= now) return dueOn(first, timeZone);
  if (when || momentOf(moment) > now) return moment;
  return dueOn(often ? dayAfter(often, first) : addDays(first, 1), timeZone, at);
}
