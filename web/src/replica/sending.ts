/** One entry of the outbox, as requests. */

import type { Schemas } from "@/api/client";
import { api, data } from "@/api/client";
import { asProblem } from "@/api/problem";
import { newKey } from "@/ids";
import { operationsOf } from "./fold";
import type { Conflict, Entry, Sent, TaskOperation } from "./model";
import { rebase } from "./rebase";
import type { WorkspaceReplica } from "./workspace";

export type Outcome = Pick<Entry, "seq" | "tasks" | "comment">;
type Prepared = { entry: Entry; conflicts: Conflict[] };
type Batch = Schemas["Batch"];

/** Descriptions that are at hand, by task. */
export type Texts = (taskId: string) => Promise<string | undefined>;

/**
 * The entry put on what the server has now, with the request to send; or with what to ask about.
 * A request whose outcome is unknown is left as it is.
 */
export async function prepare(
  entry: Entry,
  replica: WorkspaceReplica,
  texts: Texts,
): Promise<Prepared> {
  if (entry.work.kind !== "tasks" || entry.sent !== undefined) return { entry, conflicts: [] };
  const operations: TaskOperation[] = [];
  const conflicts: Conflict[] = [];
  for (const operation of entry.work.operations) {
    const task = operation.op === "update" ? replica.base(operation.id) : undefined;
    if (operation.op !== "update" || task === undefined) operations.push(operation);
    else {
      const text = "description" in operation.data ? await texts(task.id) : undefined;
      const rebased = rebase(operation, task, text);
      operations.push(rebased.operation);
      conflicts.push(...rebased.conflicts);
    }
  }
  const next: Entry = { ...entry, work: { kind: "tasks", operations } };
  return conflicts.length > 0
    ? { entry: next, conflicts }
    : { entry: { ...next, sent: requestOf(next, replica) }, conflicts };
}

function requestOf(entry: Entry, replica: WorkspaceReplica): Sent {
  const operations = operationsOf(entry).map((operation) => {
    if (operation.op === "create") return { op: "create", id: operation.id, data: operation.data };
    if (operation.op === "delete") return { op: "delete", id: operation.id };
    const { id, data: fields } = operation;
    const version = replica.base(id)?.version;
    // Whoever only moves a card does not care what else has happened to it.
    const careless = Object.keys(fields).every((field) => field === "position");
    return version === undefined || careless
      ? { op: "update", id, data: fields }
      : { op: "update", id, data: fields, if_match: version };
  });
  return { key: newKey(), body: { operations } };
}

/** Send it. Throws `Problem`, or `TypeError` where nothing can be reached. */
export async function send(entry: Entry): Promise<Outcome> {
  const path = { w: entry.workspaceId };
  const { work } = entry;
  const headers = { "Idempotency-Key": entry.sent?.key ?? entry.key };
  if (work.kind === "tasks") {
    const answer = await data(
      api.POST("/api/v1/workspaces/{w}/tasks/batch", {
        params: { path },
        headers,
        body: entry.sent?.body as Batch,
      }),
    );
    return { seq: answer.seq, tasks: answer.results.flatMap(({ task }) => task ?? []) };
  }
  if (work.kind === "undo") {
    const body = { seq: work.seq ?? 0 };
    const answer = await data(
      api.POST("/api/v1/workspaces/{w}/undo", { params: { path }, headers, body }),
    );
    return { seq: answer.seq };
  }
  return sendComment(entry, work, headers);
}

async function sendComment(
  entry: Entry,
  work: Extract<Entry["work"], { kind: "comment" }>,
  headers: Record<string, string>,
): Promise<Outcome> {
  const w = entry.workspaceId;
  if (work.op === "create") {
    const { data: comment, response } = await api.POST(
      "/api/v1/workspaces/{w}/tasks/{id}/comments",
      { params: { path: { w, id: work.taskId } }, headers, body: { body: work.body } },
    );
    return { ...seqOf(response), ...(comment && { comment }) };
  }
  const path = { w, comment_id: work.id };
  if (work.op === "update") {
    const { data: comment, response } = await api.PATCH(
      "/api/v1/workspaces/{w}/comments/{comment_id}",
      { params: { path }, body: { body: work.body } },
    );
    return { ...seqOf(response), ...(comment && { comment }) };
  }
  try {
    const { response } = await api.DELETE("/api/v1/workspaces/{w}/comments/{comment_id}", {
      params: { path },
    });
    return seqOf(response);
  } catch (error) {
    // It is not there: by a request of ours whose answer was lost, or by somebody else's.
    if (asProblem(error).status === 404) return {};
    throw error;
  }
}

function seqOf(response: Response): { seq?: number } {
  const seq = Number(response.headers.get("Tidework-Seq"));
  return seq > 0 ? { seq } : {};
}
