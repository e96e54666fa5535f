/** What people do to tasks and comments: shown at once, kept, and sent when it can be. */

import { newId } from "@/ids";
import { tell } from "@/notices";
import type { Conflict, Field, Patch, Task, TaskOperation } from "./model";
import { between } from "./positions";
import { store } from "./store";
import { titled } from "./titles";

/** What `POST /tasks/batch` takes. */
const BATCH = 500;

/** Make a task. The answer is its id. */
export function createTask(
  workspaceId: string,
  data: Patch & { title: string },
  notice?: string,
): string {
  const id = newId();
  const whole = {
    ...titled(data.title),
    ...(data.description && { description: data.description }),
  };
  run(workspaceId, [{ op: "create", id, data: { ...data, ...whole } }], notice);
  return id;
}

export function updateTask(workspaceId: string, task: Task, patch: Patch, notice?: string): void {
  updateTasks(workspaceId, [task], () => patch, notice);
}

/** Change what `patchOf` names, of each task; fields that are so already are left out. */
export function updateTasks(
  workspaceId: string,
  tasks: readonly Task[],
  patchOf: (task: Task) => Patch,
  notice?: string,
): void {
  const operations = tasks.flatMap((task) => updateOf(workspaceId, task, patchOf(task)) ?? []);
  run(workspaceId, operations, notice);
}

export function deleteTasks(workspaceId: string, tasks: readonly Task[], notice: string): void {
  run(
    workspaceId,
    tasks.map(({ id }) => ({ op: "delete", id })),
    notice,
    true,
  );
}

/** Put the task after and before these, and change `patch` with it. */
export function moveTask(
  workspaceId: string,
  task: Task,
  { after, before }: { after?: Task | undefined; before?: Task | undefined },
  patch: Patch = {},
  notice?: string,
): void {
  const left = after && after.version > 0 ? after.position : null;
  const right = before && before.version > 0 ? before.position : null;
  // Among nothing that has a place of its own it stays where it is.
  const position =
    left === null && right === null
      ? {}
      : { position: left === null || right === null || left < right ? between(left, right) : left };
  updateTask(workspaceId, task, { ...patch, ...position }, notice);
}

/** Write a comment. The answer is its id until the server gives it one. */
export function addComment(workspaceId: string, taskId: string, body: string): string {
  const id = newId();
  store().add(workspaceId, { kind: "comment", op: "create", taskId, id, body });
  return id;
}

export function editComment(workspaceId: string, taskId: string, id: string, body: string): void {
  store().add(workspaceId, { kind: "comment", op: "update", taskId, id, body });
}

export function removeComment(
  workspaceId: string,
  taskId: string,
  id: string,
  notice: string,
): void {
  const key = store().add(workspaceId, { kind: "comment", op: "delete", taskId, id });
  tell({ text: notice, undo: () => undo([key]), lasting: true });
}

/** Take back what has been done under these keys, the last first. */
export function undo(keys: readonly string[]): void {
  void store().undo(keys);
}

/** Say whose value is kept, for each field that two have changed. */
export function resolveConflicts(key: string, keepMine: (conflict: Conflict) => boolean): void {
  store().resolve(key, keepMine);
}

/** Ask the server what is new, after a write that did not go through the outbox. */
export const pull = (workspaceId: string): Promise<void> => store().pull(workspaceId);

function run(
  workspaceId: string,
  operations: TaskOperation[],
  notice?: string,
  lasting = false,
): void {
  const keys: string[] = [];
  for (let from = 0; from < operations.length; from += BATCH) {
    const part = operations.slice(from, from + BATCH);
    keys.push(store().add(workspaceId, { kind: "tasks", operations: part }));
  }
  if (notice !== undefined && keys.length > 0) {
    tell({ text: notice, undo: () => undo(keys), lasting });
  }
}

function updateOf(workspaceId: string, task: Task, patch: Patch): TaskOperation | null {
  const data: Record<string, unknown> = {};
  const base: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(patch)) {
    const field = name as Field;
    if (field === "description") {
      data.description = value;
      base.description = textShown(workspaceId, task.id);
    } else if (JSON.stringify(task[field]) !== JSON.stringify(value)) {
      data[field] = value;
      base[field] = task[field];
    }
  }
  if (Object.keys(data).length === 0) return null;
  return { op: "update", id: task.id, data: data as Patch, base: base as Patch };
}

let textShown: (workspaceId: string, taskId: string) => string | undefined = () => undefined;

/** Where the description that is being shown is found. */
export function textsAreIn(find: typeof textShown): void {
  textShown = find;
}
