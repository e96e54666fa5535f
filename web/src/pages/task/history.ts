/** A task's history in words: what was changed, from what to what, with names for ids. */

import type { Schemas } from "@/api/client";
import type { Patch, Task } from "@/replica/model";

type Entry = Schemas["HistoryEntry"];

/** How things are called; each knows what to say of an id that is gone. */
export type HistoryNames = {
  status: (value: string) => string;
  priority: (value: string) => string;
  member: (id: string) => string;
  project: (id: string) => string;
  label: (id: string) => string;
  task: (id: string) => string;
  time: (iso: string) => string;
  recurrence: (value: unknown) => string;
};

/**
 * One changed field. `value`: `before` and `after` as words, null for nothing. `text`: the whole
 * texts, to be compared. `list`: what was added and taken away. `moved`: no words for where.
 */
export type Said =
  | { field: string; kind: "value"; before: string | null; after: string | null }
  | { field: string; kind: "text"; before: string; after: string }
  | { field: string; kind: "list"; added: string[]; removed: string[] }
  | { field: string; kind: "moved" };

// In the order in which they are said; what is not named is the machinery's.
const FIELDS = [
  "title",
  "status",
  "priority",
  "assignee_id",
  "project_id",
  "parent_id",
  "label_ids",
  "due_at",
  "recurrence",
  "description",
  "position",
] as const;
type Known = (typeof FIELDS)[number];

// What every task is made with says nothing.
const DEFAULTS: Partial<Record<Known, unknown>> = { status: "pending", priority: "medium" };

/**
 * What puts back what one of a task's changes, `entries[at]`, has changed; null where something stands
 * in the way: a later change of the same, or a task that repeats and has gone on. `entries` are all.
 */
export function takenBack(entries: readonly Entry[], at: number, task: Task): Patch | null {
  const entry = entries[at];
  if (entry?.op !== "update") return null;
  const { changes } = entry;
  const fields = FIELDS.filter((field) => changes[field] !== undefined);
  if (fields.length === 0) return null;
  // The next of its kind has taken over the rule by which it repeated.
  const isHandedOn = changes.recurrence?.after === null;
  if (fields.includes("status") && (task.recurrence !== null || isHandedOn)) return null;
  const later = entries.slice(at + 1);
  if (later.some((one) => fields.some((field) => one.changes[field] !== undefined))) return null;
  return Object.fromEntries(
    fields.map((field) => [field, changes[field]?.before ?? null]),
  ) as Patch;
}

const ids = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((id) => typeof id === "string") : [];

const empty = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/** What an entry says; of a made task what it was made with, of a removed one nothing. */
export function wordsOf(entry: Entry, names: HistoryNames): Said[] {
  if (entry.op === "delete") return [];
  return FIELDS.flatMap((field) => {
    const change = entry.changes[field];
    if (change === undefined) return [];
    if (entry.op === "create") {
      const usual = empty(change.after) || change.after === DEFAULTS[field];
      if (usual || field === "position" || field === "title") return [];
    }
    return said(field, change.before, change.after, names) ?? [];
  });
}

function said(field: Known, before: unknown, after: unknown, names: HistoryNames): Said | null {
  switch (field) {
    case "position":
      return { field, kind: "moved" };
    case "description":
      return { field, kind: "text", before: String(before ?? ""), after: String(after ?? "") };
    case "label_ids": {
      const was = ids(before);
      const is = ids(after);
      const added = is.filter((id) => !was.includes(id)).map(names.label);
      const removed = was.filter((id) => !is.includes(id)).map(names.label);
      return added.length + removed.length === 0 ? null : { field, kind: "list", added, removed };
    }
    default: {
      const word = wordFor(field, names);
      const of = (value: unknown) => (empty(value) ? null : word(value as string));
      return { field, kind: "value", before: of(before), after: of(after) };
    }
  }
}

function wordFor(field: Known, names: HistoryNames): (value: string) => string {
  switch (field) {
    case "status":
      return names.status;
    case "priority":
      return names.priority;
    case "assignee_id":
      return names.member;
    case "project_id":
      return names.project;
    case "parent_id":
      return names.task;
    case "due_at":
      return names.time;
    case "recurrence":
      return names.recurrence;
    default:
      return String;
  }
}
