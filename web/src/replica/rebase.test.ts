import { describe, expect, it } from "vitest";
import type { Conflict, Patch, Task } from "./model";
import { rebase, resolved } from "./rebase";

const task = (fields: Partial<Task> = {}): Task =>
  ({
    id: "t",
    title: "Tide",
    status: "pending",
    label_ids: ["a"],
    due_at: null,
    version: 7,
    ...fields,
  }) as Task;

const update = (data: Patch, base: Patch) => ({ op: "update" as const, id: "t", data, base });

describe("rebase", () => {
  it("lets through what nobody else has touched", () => {
    const { operation, conflicts } = rebase(
      update({ title: "Ebb" }, { title: "Tide" }),
      task({ status: "completed" }),
      undefined,
    );
    expect(conflicts).toEqual([]);
    expect(operation.data).toEqual({ title: "Ebb" });
  });

  it("asks when both have changed the same field", () => {
    const { conflicts } = rebase(
      update({ title: "Ebb" }, { title: "Tide" }),
      task({ title: "Flood" }),
      undefined,
    );
    expect(conflicts).toEqual([{ taskId: "t", field: "title", mine: "Ebb", theirs: "Flood" }]);
  });

  it("does not ask when both have done the same", () => {
    const done = update({ status: "completed" }, { status: "pending" });
    expect(rebase(done, task({ status: "completed" }), undefined).conflicts).toEqual([]);
  });

  it("adds and takes away labels one by one", () => {
    const { operation, conflicts } = rebase(
      update({ label_ids: ["b"] }, { label_ids: ["a"] }),
      task({ label_ids: ["a", "c"] }),
      undefined,
    );
    expect(conflicts).toEqual([]);
    expect(operation.data.label_ids).toEqual(["c", "b"]);
  });

  it("lets the last one win who drags", () => {
    const moved = update({ position: "b" }, { position: "a" });
    expect(rebase(moved, task({ position: "z" }), undefined).conflicts).toEqual([]);
  });

  it("knows the same time in another spelling", () => {
    const dated = update(
      { due_at: "2026-12-01T00:00:00Z" },
      { due_at: "2026-11-22T09:00:00+01:00" },
    );
    const now = task({ due_at: "2026-11-22T08:00:00.000000Z" });
    expect(rebase(dated, now, undefined).conflicts).toEqual([]);
  });

  it("compares descriptions with the server's", () => {
    const written = update({ description: "mine" }, { description: "before" });
    expect(rebase(written, task(), "theirs").conflicts).toHaveLength(1);
    expect(rebase(written, task(), "before").conflicts).toHaveLength(0);
  });
});

describe("resolved", () => {
  const operation = update(
    { title: "Ebb", status: "completed" },
    { title: "Tide", status: "pending" },
  );
  const conflict: Conflict = { taskId: "t", field: "title", mine: "Ebb", theirs: "Flood" };

  it("keeps mine as if it had been made on theirs", () => {
    const next = resolved(operation, [conflict], () => true);
    expect(next?.base.title).toBe("Flood");
    expect(rebase(next ?? operation, task({ title: "Flood" }), undefined).conflicts).toEqual([]);
  });

  it("leaves theirs, and the rest of mine", () => {
    expect(resolved(operation, [conflict], () => false)?.data).toEqual({ status: "completed" });
  });

  it("is nothing when nothing of mine is left", () => {
    const only = update({ title: "Ebb" }, { title: "Tide" });
    expect(resolved(only, [conflict], () => false)).toBeNull();
  });
});
