/** Folding the log in the browser: pure functions from what is there and what has happened. */

import type { Schemas } from "@/api/client";
import type { Change, Entry, Patch, Task, TaskOperation } from "./model";

/** A task as the API answers it, as the replica keeps it. */
export function slim(task: Schemas["TaskOut"]): Task {
  const { description, ...rest } = task;
  return { ...rest, has_description: description !== "" };
}

/** The task after `change`; undefined when there is none any more. Costs nothing where it is old. */
export function foldTask(
  task: Task | undefined,
  change: Change,
  workspaceId: string,
): Task | undefined {
  // Of the same seq is the rest of the same commit, which may change a task twice.
  if (task !== undefined && change.seq < task.version) return task;
  if (change.op === "delete") return undefined;
  if (task === undefined && change.op !== "create") return undefined;
  const { description, ...set } = change.set as Partial<Schemas["TaskOut"]>;
  const before = task ?? ({ id: change.id, workspace_id: workspaceId } as Task);
  return {
    ...before,
    ...set,
    has_description: description === undefined ? before.has_description : description !== "",
    updated_at: change.at,
    version: change.seq,
  };
}

type Versioned = { id: string; version: number };

/** A project or a label after `change`. */
export function foldNamed<T extends Versioned>(item: T | undefined, change: Change): T | undefined {
  if (item !== undefined && change.seq < item.version) return item;
  if (change.op === "delete") return undefined;
  if (item === undefined && change.op !== "create") return undefined;
  return {
    ...(item ?? { id: change.id }),
    ...change.set,
    updated_at: change.at,
    version: change.seq,
  } as unknown as T;
}

/** A task with `data` written over it, as the server will have it. */
export function patched(task: Task, data: Patch, at: string): Task {
  const { description, ...fields } = data;
  const next: Task = { ...task, ...fields, updated_at: at };
  if (description !== undefined) next.has_description = description !== "";
  if (fields.status !== undefined && fields.status !== task.status) {
    next.completed_at = fields.status === "completed" ? at : null;
  }
  return next;
}

/** A task that the server does not know yet. */
export function draft(id: string, data: Patch, workspaceId: string, me: string, at: string): Task {
  const blank: Task = {
    id,
    workspace_id: workspaceId,
    number: 0,
    project_id: null,
    parent_id: null,
    title: "",
    status: "pending",
    priority: "medium",
    due_at: null,
    assignee_id: null,
    label_ids: [],
    // Behind every key: at the end, until the server says where.
    position: "~",
    created_by: me,
    created_at: at,
    updated_at: at,
    completed_at: null,
    recurrence: null,
    previous_id: null,
    version: 0,
    has_description: false,
  };
  return patched(blank, data, at);
}

export const operationsOf = (entry: Entry): readonly TaskOperation[] =>
  entry.work.kind === "tasks" ? entry.work.operations : [];
