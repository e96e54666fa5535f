import { describe, expect, it, vi } from "vitest";
import type { Schemas } from "@/api/client";
import type { Head } from "./db";
import type { Change, Entry, Task, TaskOperation } from "./model";
import { WorkspaceReplica } from "./workspace";

vi.mock("@/api/client", () => ({}));

const AT = "2026-11-22T09:00:00.000000Z";
const change = (seq: number, op: string, set: Record<string, unknown>, id = "t"): Change => ({
  seq,
  at: AT,
  actor_id: null,
  entity: "task",
  id,
  op,
  set,
});
const task = (id: string, fields: Partial<Task> = {}): Task =>
  ({ id, title: id, status: "pending", version: 1, label_ids: [], ...fields }) as Task;
const entry = (...operations: TaskOperation[]): Entry => ({
  key: operations.map(({ op, id }) => op + id).join(),
  order: 1,
  workspaceId: "w",
  work: { kind: "tasks", operations },
  state: "waiting",
});
const HEAD = { id: "w", seq: 9 } as Head;
const filled = (...tasks: Task[]) => {
  const replica = new WorkspaceReplica("w", "me");
  replica.complete(tasks, HEAD);
  return replica;
};

describe("a workspace", () => {
  it("folds the log in, also where a commit changes a task twice", () => {
    const replica = filled(task("t"));
    const commit = [
      change(2, "update", { title: "two" }),
      change(2, "update", { priority: "low" }),
    ];
    replica.fold(commit, 2);
    replica.fold(commit, 2);
    expect(replica.get().tasks.get("t")).toMatchObject({
      title: "two",
      priority: "low",
      version: 2,
    });
  });

  it("does not fold what is older than what it has", () => {
    const replica = filled(task("t", { version: 9, title: "nine" }));
    replica.fold([change(4, "update", { title: "four" }), change(5, "delete", {})], 5);
    expect(replica.get().tasks.get("t")?.title).toBe("nine");
  });

  it("shows what waits over what the server has said, also after more of that", () => {
    const replica = filled(task("t"));
    replica.setPending([entry({ op: "update", id: "t", data: { title: "mine" }, base: {} })]);
    replica.fold([change(2, "update", { title: "theirs", status: "completed" })], 2);
    expect(replica.get().tasks.get("t")).toMatchObject({ title: "mine", status: "completed" });
    replica.setPending([]);
    expect(replica.get().tasks.get("t")?.title).toBe("theirs");
  });

  it("takes back what was refused: made, changed, removed", () => {
    const replica = filled(task("t"), task("u"));
    replica.setPending([
      entry({ op: "create", id: "n", data: { title: "new" } }),
      entry({ op: "update", id: "n", data: { status: "completed" }, base: {} }),
      entry({ op: "delete", id: "u" }),
    ]);
    expect([...replica.get().tasks.keys()].sort()).toEqual(["n", "t"]);
    expect(replica.get().tasks.get("n")?.completed_at).not.toBeNull();
    replica.setPending([]);
    expect([...replica.get().tasks.keys()].sort()).toEqual(["t", "u"]);
  });

  it("does not bring back by an old page what has been removed", () => {
    const replica = filled(task("t"));
    replica.fold([change(5, "delete", {})], 5);
    replica.load([task("t", { version: 4 })], HEAD);
    expect(replica.get().tasks.has("t")).toBe(false);
  });

  it("is ahead of the log after an answer", () => {
    const replica = filled(task("t"));
    replica.learn([
      { ...task("t"), title: "eight", version: 8, description: "x" } as Schemas["TaskOut"],
    ]);
    replica.fold([change(7, "update", { title: "seven" })], 7);
    expect(replica.get().tasks.get("t")).toMatchObject({ title: "eight", has_description: true });
  });

  it("tells by the log what an answer had removed already: the copy has it still", () => {
    const replica = filled(task("t"));
    replica.learn([], ["t"], 10);
    expect(replica.fold([change(10, "delete", {})], 10).gone).toEqual(["t"]);
  });

  it("keeps the object of a task that nothing has happened to", () => {
    const replica = filled(task("t"), task("u"));
    const before = replica.get().tasks.get("u");
    replica.fold([change(2, "update", { title: "two" })], 2);
    expect(replica.get().tasks.get("u")).toBe(before);
  });

  it("begins again: what is not there any more goes at the end", () => {
    const replica = filled(task("t"), task("u"));
    replica.reset();
    replica.load([task("u", { version: 3 })], HEAD);
    expect(replica.get().tasks.size).toBe(2);
    replica.complete([], HEAD);
    expect([...replica.get().tasks.keys()]).toEqual(["u"]);
  });
});
