/** Finds projects, people and labels by what is typed behind `#`, `@` and `+`. */

import type { Label, Member, Project } from "@/replica/model";
import { fold, foldGerman, foldName } from "./fold";
import { ME } from "./vocabulary";
import type { Word } from "./words";

export type ProjectName = Pick<Project, "id" | "name" | "archived">;
export type LabelName = Pick<Label, "id" | "name">;
export type MemberName = Pick<Member, "user_id" | "name" | "email" | "is_active">;

/** What was found, and how many words its name has taken; `end` where it ends in the line. */
export type Found<Value> = { value: Value; count: number; end: number };

const LONGEST_NAME = 12;

/** Things by their names as `foldName` has them; a key that several share leads to all of them. */
class Directory<Value> {
  private readonly byKey = new Map<string, Value[]>();
  private longest = 1;

  add(name: string, value: Value): void {
    for (const key of new Set([foldName(name), foldName(foldGerman(name))])) {
      if (key === "") continue;
      const present = this.byKey.get(key);
      if (present) present.push(value);
      else this.byKey.set(key, [value]);
      this.longest = Math.max(this.longest, Math.min(key.split(" ").length, LONGEST_NAME));
    }
  }

  get(name: string): readonly Value[] {
    return this.byKey.get(foldName(name)) ?? [];
  }

  startingWith(name: string): ReadonlySet<Value> {
    const begin = foldName(name);
    const found = new Set<Value>();
    if (begin.length < 2) return found;
    for (const [key, values] of this.byKey) {
      if (key.startsWith(begin)) for (const value of values) found.add(value);
    }
    return found;
  }

  /** The longest name that stands behind the sign of a word. */
  longestAt(line: string, words: readonly Word[], index: number): Found<readonly Value[]> | null {
    const first = words[index];
    if (!first) return null;
    if (first.quoted) {
      const values = this.get(first.raw);
      return values.length > 0 ? { value: values, count: 1, end: first.end } : null;
    }
    for (let count = Math.min(this.longest, words.length - index); count > 0; count -= 1) {
      const last = words[index + count - 1];
      if (!last || last.end - first.start > 400) continue;
      for (const end of new Set([last.end + last.trail.length, last.end])) {
        const values = this.get(line.slice(first.start + 1, end));
        if (values.length > 0) return { value: values, count, end };
      }
    }
    return null;
  }
}

function cached<Item extends object, Value>(make: (items: readonly Item[]) => Directory<Value>) {
  const made = new WeakMap<readonly Item[], Directory<Value>>();
  return (items: readonly Item[]): Directory<Value> => {
    let directory = made.get(items);
    if (!directory) {
      directory = make(items);
      made.set(items, directory);
    }
    return directory;
  };
}

const projectsOf = cached((projects: readonly ProjectName[]) => {
  const directory = new Directory<ProjectName>();
  for (const project of projects) if (!project.archived) directory.add(project.name, project);
  return directory;
});

const labelsOf = cached((labels: readonly LabelName[]) => {
  const directory = new Directory<LabelName>();
  for (const label of labels) directory.add(label.name, label);
  return directory;
});

const peopleOf = cached((members: readonly MemberName[]) => {
  const directory = new Directory<MemberName>();
  for (const member of members) {
    if (!member.is_active) continue;
    directory.add(member.name, member);
    for (const part of partsOf(member)) directory.add(part, member);
  }
  return directory;
});

/** What else somebody is called by: each word of the name, address and its local part. */
function partsOf(member: MemberName): string[] {
  const parts = member.name.trim().split(/[\s,]+/);
  const own = parts.length > 1 ? parts : [];
  return member.email ? [...own, member.email, member.email.split("@")[0] ?? ""] : own;
}

export type Looked<Value> = Found<Value> | "unknown" | "ambiguous";

/** The project behind a `#`; digits alone are the number of a task, unless they are in quotes. */
export function findProject(
  line: string,
  words: readonly Word[],
  index: number,
  projects: readonly ProjectName[],
): Looked<ProjectName> | null {
  const word = words[index];
  if (!word) return null;
  const number = !word.quoted && /^\d+$/.test(word.raw);
  const directory = projectsOf(projects);
  const whole = directory.longestAt(line, words, index);
  if (whole && (!number || whole.count > 1)) return only(whole);
  return number ? null : begun(word, directory.startingWith(word.raw));
}

/** The person behind an `@`; `me` is the id of who types. */
export function findPerson(
  line: string,
  words: readonly Word[],
  index: number,
  members: readonly MemberName[],
  me: string,
): Looked<string> {
  const word = words[index];
  if (!word) return "unknown";
  const directory = peopleOf(members);
  const whole = directory.longestAt(line, words, index);
  if (whole) return idOf(only(whole));
  if (ME.has(word.folded)) return { value: me, count: 1, end: word.end };
  return idOf(begun(word, directory.startingWith(word.raw)));
}

const idOf = (found: Looked<MemberName>): Looked<string> =>
  typeof found === "string" ? found : { ...found, value: found.value.user_id };

/** The label behind a `+`, or the name of a new one; nothing where a number follows. */
export function findLabel(
  line: string,
  words: readonly Word[],
  index: number,
  labels: readonly LabelName[],
): Found<{ id: string | null; name: string }> | null {
  const word = words[index];
  if (!word) return null;
  const whole = labelsOf(labels).longestAt(line, words, index);
  const present = whole?.value[0];
  if (whole && present) return { ...whole, value: { id: present.id, name: present.name } };
  // +49 is a number, ++ an operator; what no letter begins is no label that anyone means.
  if (!word.quoted && !/^\p{L}|^\p{Extended_Pictographic}/u.test(word.raw)) return null;
  const name = word.raw.trim();
  if (name === "" || fold(name) === "" || [...name].length > 100) return null;
  return { value: { id: null, name }, count: 1, end: word.end };
}

function only<Value>(found: Found<readonly Value[]>): Looked<Value> {
  const [first] = found.value;
  if (first === undefined) return "unknown";
  return new Set(found.value).size > 1 ? "ambiguous" : { ...found, value: first };
}

function begun<Value>(word: Word, found: ReadonlySet<Value>): Looked<Value> {
  const [first] = found;
  if (first === undefined) return "unknown";
  return found.size > 1 ? "ambiguous" : { value: first, count: 1, end: word.end };
}
