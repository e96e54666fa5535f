/**
 * What somebody did on an older state, put on the present one: fields that nobody else has touched
 * go through, labels are added and taken away one by one, and the same field changed by two asks.
 */

import type { Conflict, Field, Patch, Task, TaskOperation } from "./model";

// Two people who drag the same card do not want to be asked; the later one is right.
const LAST_WINS: ReadonlySet<Field> = new Set(["position"]);

type Update = Extract<TaskOperation, { op: "update" }>;

const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item) => b.includes(item));
  }
  if (typeof a === "object" && typeof b === "object")
    return JSON.stringify(a) === JSON.stringify(b);
  // Times may be written in several ways.
  if (typeof a === "string" && typeof b === "string" && /^\d{4}-\d\d-\d\dT/.test(a)) {
    return Date.parse(a) === Date.parse(b);
  }
  return false;
};

function mergedLabels(base: readonly string[], mine: readonly string[], theirs: readonly string[]) {
  const kept = theirs.filter((id) => mine.includes(id) || !base.includes(id));
  return [...kept, ...mine.filter((id) => !base.includes(id) && !kept.includes(id))];
}

export type Rebased = { operation: Update; conflicts: Conflict[] };

/**
 * `operation` on `task`, which is the server's; `description` is the server's too. Without conflicts
 * the operation can be sent with the task's version.
 */
export function rebase(operation: Update, task: Task, description: string | undefined): Rebased {
  const theirs: Patch = { ...(task as Patch) };
  if (description !== undefined) theirs.description = description;
  const data: Record<string, unknown> = {};
  const base: Record<string, unknown> = {};
  const conflicts: Conflict[] = [];
  for (const [name, value] of Object.entries(operation.data)) {
    const field = name as Field;
    const before = operation.base[field];
    const present = theirs[field];
    data[field] = value;
    base[field] = present === undefined ? before : present;
    if (before === undefined || present === undefined || same(before, present)) continue;
    if (field === "label_ids") {
      data[field] = mergedLabels(before as string[], value as string[], present as string[]);
    } else if (!LAST_WINS.has(field) && !same(value, present)) {
      conflicts.push({ taskId: operation.id, field, mine: value, theirs: present });
    }
  }
  return { operation: { ...operation, data: data as Patch, base: base as Patch }, conflicts };
}

/** The operation without what was decided for the others, and with the rest as if new. */
export function resolved(
  operation: Update,
  theirs: readonly Conflict[],
  keepMine: (conflict: Conflict) => boolean,
): Update | null {
  const data: Record<string, unknown> = { ...operation.data };
  const base: Record<string, unknown> = { ...operation.base };
  for (const conflict of theirs) {
    if (conflict.taskId !== operation.id) continue;
    if (keepMine(conflict)) base[conflict.field] = conflict.theirs;
    else {
      delete data[conflict.field];
      delete base[conflict.field];
    }
  }
  if (Object.keys(data).length === 0) return null;
  return { ...operation, data: data as Patch, base: base as Patch };
}
