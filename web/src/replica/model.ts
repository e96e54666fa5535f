/** What a workspace consists of, as the API has it; and what waits to be sent. */

import type { Schemas } from "@/api/client";

export type Status = "pending" | "in_progress" | "completed" | "cancelled";
export type Priority = "low" | "medium" | "high" | "urgent";
export type Role = "owner" | "editor" | "commenter" | "viewer";

export const STATUSES: readonly Status[] = ["pending", "in_progress", "completed", "cancelled"];
export const PRIORITIES: readonly Priority[] = ["urgent", "high", "medium", "low"];

export type Workspace = Schemas["WorkspaceOut"];
export type Member = Schemas["MemberOut"];
export type Project = Schemas["ProjectOut"];
export type Label = Schemas["LabelOut"];
export type Recurrence = NonNullable<Schemas["TaskOut"]["recurrence"]>;

/** A task without its description, which `useText` brings. `number` is 0 until the server knows it. */
export type Task = Omit<Schemas["TaskOut"], "description"> & { has_description: boolean };

/** The fields of a task that people change. */
export type TaskFields = {
  title: string;
  description: string;
  status: Status;
  priority: Priority;
  due_at: string | null;
  project_id: string | null;
  parent_id: string | null;
  assignee_id: string | null;
  label_ids: string[];
  position: string;
  recurrence: Recurrence | null;
};
export type Field = keyof TaskFields;
export type Patch = Partial<TaskFields>;

/** One change of the log, as `/changes` and `/events` tell it. */
export type Change = {
  seq: number;
  at: string;
  actor_id: string | null;
  entity: string;
  id: string;
  op: string;
  set: Record<string, unknown>;
};

export type TaskOperation =
  | { op: "create"; id: string; data: Patch & { title: string } }
  /** `base`: what the fields were when the person changed them. */
  | { op: "update"; id: string; data: Patch; base: Patch }
  | { op: "delete"; id: string };

export type Work =
  | { kind: "tasks"; operations: TaskOperation[] }
  | { kind: "comment"; op: "create"; taskId: string; id: string; body: string }
  | { kind: "comment"; op: "update"; taskId: string; id: string; body: string }
  | { kind: "comment"; op: "delete"; taskId: string; id: string }
  /** Reverse a commit: that of the entry `of`, whose seq need not be known yet. */
  | { kind: "undo"; seq?: number; of?: string };

/** A field that two people have changed at the same time. */
export type Conflict = { taskId: string; field: Field; mine: unknown; theirs: unknown };

/** A request as it went out: sent again until its outcome is known, it must not differ. */
export type Sent = { key: string; body?: unknown };

/** What somebody did here, until the server has it and everyone here has seen that. */
export type Entry = {
  key: string;
  /** Entries go out in this order. */
  order: number;
  workspaceId: string;
  work: Work;
  /** `asking`: somebody else has changed the same; the person decides. `done`: acknowledged. */
  state: "waiting" | "asking" | "done";
  sent?: Sent;
  conflicts?: Conflict[];
  /** The commit's, once it is done. */
  seq?: number;
  /** What the server has made of the tasks, or the comment, once it is done. */
  tasks?: Schemas["TaskOut"][];
  comment?: Schemas["CommentOut"];
};
