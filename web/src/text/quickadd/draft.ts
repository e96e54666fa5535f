/** From what was typed to a task that is to be made. */

import type { Patch } from "@/replica/model";
import type { Parsed } from "./parse";

export const TITLE_MAX = 200;
const DESCRIPTION_MAX = 65_536;

/** A task that is to be made; labels by `newLabels` are to be made with it. */
export type Draft = Patch & { title: string; newLabels: string[] };

/** What no title holds goes into the description whole, so that nothing is lost. */
export function toDraft(parsed: Parsed): Draft {
  const letters = [...parsed.title];
  const long = letters.length > TITLE_MAX;
  const draft: Draft = {
    title: long ? `${cut(letters)}…` : parsed.title,
    newLabels: parsed.labels.flatMap(({ id, name }) => (id === null ? [name] : [])),
  };
  if (long) draft.description = letters.slice(0, DESCRIPTION_MAX).join("");
  if (parsed.due_at !== null) draft.due_at = parsed.due_at;
  if (parsed.priority !== null) draft.priority = parsed.priority;
  if (parsed.project !== null) draft.project_id = parsed.project;
  if (parsed.assignee !== null) draft.assignee_id = parsed.assignee;
  if (parsed.recurrence !== null) draft.recurrence = parsed.recurrence;
  const ids = parsed.labels.flatMap(({ id }) => id ?? []);
  if (ids.length > 0) draft.label_ids = ids;
  return draft;
}

/** As many whole words as a title takes, at least half of what it would hold. */
function cut(letters: readonly string[]): string {
  const text = letters.slice(0, TITLE_MAX - 1).join("");
  const space = text.lastIndexOf(" ");
  return (space > text.length / 2 ? text.slice(0, space) : text).trimEnd();
}
