import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Database, type Head } from "./db";
import {
  dropWorkspace,
  readText,
  readTexts,
  readWorkspace,
  writeBegin,
  writeEnd,
  writeFolded,
  writePart,
  writeTexts,
} from "./keeping";
import type { Task } from "./model";

vi.mock("@/api/client", () => ({}));

const task = (id: string, version = 1): Task => ({ id, workspace_id: "w", version }) as Task;
const head = (seq: number): Head => ({ id: "w", seq, texts: false }) as Head;
const folded = (tasks: Task[], gone: string[] = []) => ({ tasks, gone, changes: [] });

let db: Database;
beforeEach(() => {
  db = new Database(crypto.randomUUID());
});
afterEach(() => db.delete());

const kept = async () => {
  const found = await readWorkspace(db, "w");
  return found && { seq: found.head.seq, tasks: found.tasks.map((one) => [one.id, one.version]) };
};

async function keep(tasks: readonly Task[], seq: number): Promise<void> {
  await writeBegin(db, head(seq), "one");
  await writePart(db, "w", "one", tasks);
  await writeEnd(db, head(seq), "one", [], []);
}

describe("a workspace in the database", () => {
  it("is there when it is whole, with what has changed while it was written", async () => {
    await writeBegin(db, head(3), "one");
    await writePart(db, "w", "one", [task("a"), task("b"), task("c")]);
    expect(await kept()).toBeUndefined();
    await writeEnd(db, head(5), "one", [task("b", 4), task("d", 5)], ["c"]);
    const tasks = [
      ["a", 1],
      ["b", 4],
      ["d", 5],
    ];
    expect(await kept()).toEqual({ seq: 5, tasks });
  });

  it("has what came later, and not what went, which may come back", async () => {
    await keep([task("a"), task("b")], 3);
    await writeFolded(db, head(4), 3, 4, folded([task("a", 4)], ["b"]));
    expect(await kept()).toEqual({ seq: 4, tasks: [["a", 4]] });
    await writeFolded(db, head(5), 4, 5, folded([task("b", 5)]));
    expect((await kept())?.tasks).toContainEqual(["b", 5]);
  });

  it("is not written over a gap, nor twice", async () => {
    await keep([task("a")], 3);
    await writeFolded(db, head(6), 5, 6, folded([task("a", 6)]));
    await writeFolded(db, head(3), 2, 3, folded([task("a", 2)]));
    expect(await kept()).toEqual({ seq: 3, tasks: [["a", 1]] });
  });

  it("is that of the tab that began last, where two begin at once", async () => {
    await writeBegin(db, head(3), "one");
    await writePart(db, "w", "one", [task("a")]);
    await writeBegin(db, head(4), "two");
    await writePart(db, "w", "one", [task("b")]);
    await writePart(db, "w", "two", [task("c")]);
    await writeEnd(db, head(3), "one", [task("a", 3)], []);
    expect(await kept()).toBeUndefined();
    await writeEnd(db, head(4), "two", [], []);
    expect(await kept()).toEqual({ seq: 4, tasks: [["c", 1]] });
  });

  it("goes whole", async () => {
    await keep([task("a")], 3);
    await writeTexts(db, "w", [{ id: "a", version: 1, description: "one" }]);
    await dropWorkspace(db, "w");
    expect(await kept()).toBeUndefined();
    expect(await readText(db, "a")).toBeUndefined();
    expect(await db.parts.count()).toBe(0);
  });
});

it("finds the newest of a task's descriptions, wherever it is", async () => {
  await writeTexts(db, "w", [
    { id: "a", version: 1, description: "old" },
    { id: "b", version: 9, description: "newest" },
  ]);
  await db.texts.put({ id: "a", workspace_id: "w", version: 4, description: "new" });
  await db.texts.put({ id: "b", workspace_id: "w", version: 4, description: "older" });
  expect((await readText(db, "a"))?.description).toBe("new");
  expect((await readText(db, "b"))?.description).toBe("newest");
  const all = await readTexts(db, "w");
  expect([all.get("a")?.description, all.get("b")?.description]).toEqual(["new", "newest"]);
});
