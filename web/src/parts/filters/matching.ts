/** Which tasks a filter lets through, and in which order: made once for any number of tasks. */

import type { Priority, Status, Task } from "@/replica/model";
import { endOfDay, startOfDay } from "@/time/dates";
import { horizon } from "@/time/due";
import { type Filter, rangeOf, type Sort, type SortField } from "./model";

export type MatchContext = {
  /** The account's id. */
  me: string;
  zone: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** 0 for Sunday to 6 for Saturday. */
  weekStart?: number;
  /** Ids of tasks that the server's full text has found for `q`. */
  found?: Pick<ReadonlySet<string>, "has"> | undefined;
};

type Test = (task: Task) => boolean;

const SEPARATORS = /[^\p{L}\p{N}\p{M}]+/gu;
const MOST_WORDS = 20;

/** The words of a text, each with a space on either side. */
export const spaced = (text: string): string =>
  ` ${text.normalize("NFC").toLowerCase().replace(SEPARATORS, " ").trim()} `;

/** The words of `q`, as the server's full text takes them: case does not count, accents do. */
export const wordsOf = (q: string): string[] =>
  spaced(q).split(" ").filter(Boolean).slice(0, MOST_WORDS);

// A task is another object after each change.
const titles = new WeakMap<Task, string>();

function titleWords(task: Task): string {
  let words = titles.get(task);
  if (words === undefined) {
    words = spaced(task.title);
    titles.set(task, words);
  }
  return words;
}

function byText(q: string, found: MatchContext["found"]): Test | null {
  const words = wordsOf(q);
  if (words.length === 0) return null;
  const starts = words.map((word) => ` ${word}`);
  const number = /^#?\d{1,15}$/.test(q.trim()) ? Number(q.trim().replace("#", "")) : -1;
  return (task) =>
    found?.has(task.id) === true ||
    task.number === number ||
    starts.every((start) => titleWords(task).includes(start));
}

function byDue(due: string, context: MatchContext): Test {
  if (due === "none") return (task) => task.due_at === null;
  const at = horizon(context.now, context.zone, context.weekStart ?? 1);
  let from = startOfDay(at.today, context.zone);
  let to = due === "today" ? at.tomorrowAt : at.nextWeekAt;
  if (due === "overdue") {
    return (task) => isOpen(task) && task.due_at !== null && Date.parse(task.due_at) < context.now;
  }
  const range = rangeOf(due);
  if (range !== null) {
    from = range.from === null ? Number.NEGATIVE_INFINITY : startOfDay(range.from, context.zone);
    to = range.to === null ? Number.POSITIVE_INFINITY : endOfDay(range.to, context.zone);
  }
  return (task) => {
    const moment = task.due_at === null ? Number.NaN : Date.parse(task.due_at);
    return moment >= from && moment < to;
  };
}

function oneOf(values: readonly string[], of: (task: Task) => string | null, me: string): Test {
  const wanted = new Set(values.map((value) => (value === "me" ? me : value)));
  return (task) => wanted.has(of(task) ?? "none");
}

export const isOpen = (task: Task): boolean =>
  task.status !== "completed" && task.status !== "cancelled";

/** The test that `filter` is, for all tasks of a moment. */
export function matcher(filter: Filter, context: MatchContext): Test {
  const { status, priority, assignee, project, label, due, q } = filter;
  const tests: Test[] = [];
  if (status.length > 0) tests.push((task) => status.includes(task.status));
  if (priority.length > 0) tests.push((task) => priority.includes(task.priority));
  if (assignee.length > 0) tests.push(oneOf(assignee, (task) => task.assignee_id, context.me));
  if (project.length > 0) tests.push(oneOf(project, (task) => task.project_id, context.me));
  if (label.length > 0) tests.push((task) => task.label_ids.some((id) => label.includes(id)));
  if (due !== null) tests.push(byDue(due, context));
  const text = byText(q, context.found);
  if (text !== null) tests.push(text);
  return (task) => tests.every((test) => test(task));
}

export const matches = (task: Task, filter: Filter, context: MatchContext): boolean =>
  matcher(filter, context)(task);

export type Comparison = (a: Task, b: Task) => number;

const STATUS_RANK: Record<Status, number> = {
  pending: 0,
  in_progress: 1,
  completed: 2,
  cancelled: 3,
};
const PRIORITY_RANK: Record<Priority, number> = { low: 0, medium: 1, high: 2, urgent: 3 };
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const byValue = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

// Times of one spelling sort as text, which costs no parsing.
function byTime(a: string, b: string): number {
  if (a.length === b.length && a.endsWith("Z") && b.endsWith("Z")) return byValue(a, b);
  return Date.parse(a) - Date.parse(b);
}

// What the server has not numbered yet is the newest.
const numberOf = (task: Task): number => task.number || Number.POSITIVE_INFINITY;

const COMPARISONS: Record<SortField, Comparison> = {
  // Byte by byte, as the server sorts; never by a language's rules.
  position: (a, b) => byValue(a.position, b.position),
  number: (a, b) => byValue(numberOf(a), numberOf(b)),
  title: (a, b) => collator.compare(a.title, b.title),
  status: (a, b) => STATUS_RANK[a.status] - STATUS_RANK[b.status],
  priority: (a, b) => PRIORITY_RANK[a.priority] - PRIORITY_RANK[b.priority],
  due_at: (a, b) => byTime(a.due_at ?? "", b.due_at ?? ""),
  created_at: (a, b) => byTime(a.created_at, b.created_at),
  updated_at: (a, b) => byTime(a.updated_at, b.updated_at),
};

/** The order that `sort` is; ties by id, and what has no due date last either way. */
export function compare(sort: Sort): Comparison {
  const descending = sort.startsWith("-");
  const field = (descending ? sort.slice(1) : sort) as SortField;
  const order = COMPARISONS[field];
  return (a, b) => {
    if (field === "due_at" && (a.due_at === null || b.due_at === null)) {
      if (a.due_at !== b.due_at) return a.due_at === null ? 1 : -1;
      return byValue(a.id, b.id);
    }
    return (descending ? order(b, a) : order(a, b)) || byValue(a.id, b.id);
  };
}
