/** From what was typed to a task that is to be made. */

import type { Patch } from "@/replica/model";
import { titled } from "@/replica/titles";
import type { Parsed } from "./parse";

/** A task that is to be made; labels by `newLabels` are to be made with it. */
export type Draft = Patch & { title: string; newLabels: string[] };

export function toDraft(parsed: Parsed): Draft {
  const draft: Draft = {
    ...titled(parsed.title),
    newLabels: parsed.labels.flatMap(({ id, name }) => (id === null ? [name] : [])),
  };
  if (parsed.due_at !== null) draft.due_at = parsed.due_at;
  if (parsed.priority !== null) draft.priority = parsed.priority;
  if (parsed.project !== null) draft.project_id = parsed.project;
  if (parsed.assignee !== null) draft.assignee_id = parsed.assignee;
  if (parsed.recurrence !== null) draft.recurrence = parsed.recurrence;
  const ids = parsed.labels.flatMap(({ id }) => id ?? []);
  if (ids.length > 0) draft.label_ids = ids;
  return draft;
}
