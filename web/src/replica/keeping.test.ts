import "fake-indexeddb/auto";
import Dexie from "dexie";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Database, eraseOthers, type Head, unsentOf } from "./db";
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
import type { Change, Entry, Task } from "./model";
import { WorkspaceReplica } from "./workspace";

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

type Fields = { title: string; status: string };
type Known = Map<string, Fields & { version: number }>;

/** A log of commits over a few tasks, and what is there after each. */
function history(random: (below: number) => number) {
  const log: Change[][] = [];
  const states: Known[] = [new Map()];
  for (let seq = 1; seq <= 14; seq += 1) {
    const state: Known = new Map(states.at(-1));
    const commit = new Map<string, Change>();
    for (let n = 0; n <= random(3); n += 1) {
      const id = "abcd".charAt(random(4));
      if (commit.has(id)) continue;
      const before = state.get(id);
      const set = {
        ...((before === undefined || random(2) === 0) && { title: `title ${seq}` }),
        ...((before === undefined || random(2) === 0) && { status: `status ${seq}` }),
      };
      const op = before === undefined ? "create" : random(3) === 0 ? "delete" : "update";
      if (op === "delete") state.delete(id);
      else state.set(id, { ...(before as Fields), ...set, version: seq });
      commit.set(id, { seq, at: "", actor_id: null, entity: "task", id, op, set });
    }
    log.push([...commit.values()]);
    states.push(state);
  }
  return { log, states };
}

const shownOf = (replica: WorkspaceReplica) =>
  new Map(
    replica.all().map((one) => {
      const { title, status, version } = one as Task & Fields;
      return [one.id, { title, status, version }];
    }),
  );

it("leads to the server's state whenever a tab ends, also where answers came before the log", async () => {
  for (let seed = 1; seed <= 6; seed += 1) {
    let last = seed;
    const random = (below: number) => {
      last = (last * 48_271) % 2_147_483_647;
      return last % below;
    };
    const { log, states } = history(random);
    const id = `w${seed}`;
    const start = { id, seq: 0, workspace: { id }, projects: [], labels: [] } as unknown as Head;
    await writeBegin(db, start, id);
    await writeEnd(db, start, id, [], []);
    const replica = new WorkspaceReplica(id, "me");
    replica.complete([], start);
    for (let seq = 1; seq <= log.length; seq += 1) {
      // A write of one's own is answered; the log has not come that far.
      const ahead = Math.min(seq + random(4), log.length);
      const answered = log[ahead - 1] ?? [];
      const tasks = answered.flatMap((one) => {
        const known = states[ahead]?.get(one.id);
        return known === undefined ? [] : { id: one.id, workspace_id: id, ...known };
      });
      const gone = answered.flatMap((one) => (one.op === "delete" ? one.id : []));
      const older = gone.filter((one) => (replica.base(one)?.version ?? ahead) < ahead);
      replica.learn(tasks as never, older, ahead);
      const folded = replica.fold(log[seq - 1] ?? [], seq);
      await writeFolded(db, replica.get().head as Head, seq - 1, seq, folded);
      const found = await readWorkspace(db, id);
      const next = new WorkspaceReplica(id, "me");
      next.complete(found?.tasks ?? [], found?.head as Head);
      next.fold(log.slice(found?.head.seq ?? 0).flat(), log.length);
      expect([seed, seq, shownOf(next)]).toEqual([seed, seq, states.at(-1)]);
    }
  }
}, 30_000);

it("begins anew where an older version may have kept tasks that are gone", async () => {
  const old = new Dexie(db.name);
  old.version(1).stores({
    heads: "id",
    tasks: "id, workspace_id",
    texts: "id, workspace_id",
    outbox: "key, order",
    drafts: "id",
    kept: "id",
  });
  old.version(2).stores({ parts: "++n, workspace_id", textParts: "++n, workspace_id, *ids" });
  await old.table("heads").put(head(146));
  await old.table("parts").put({ workspace_id: "w", tasks: JSON.stringify([task("ghost")]) });
  await old.table("outbox").put({ key: "k", order: 1 });
  await old.table("drafts").put({ id: "d", text: "typed", at: 1 });
  old.close();
  expect(await kept()).toBeUndefined();
  expect(await db.parts.count()).toBe(0);
  expect([await db.outbox.count(), await db.drafts.count()]).toEqual([1, 1]);
});

it("keeps of others what they have not sent, and nothing else", async () => {
  const other = new Database(crypto.randomUUID());
  await keep([task("a")], 3);
  await other.heads.put(head(3));
  await db.outbox.put({ key: "k", order: 1, state: "waiting" } as Entry);
  await other.outbox.put({ key: "k", order: 1, state: "done" } as Entry);
  other.close();
  await eraseOthers("me");
  expect([await kept(), await db.parts.count(), await unsentOf(db.userId)]).toEqual([
    undefined,
    0,
    1,
  ]);
  expect(await Dexie.exists(other.name)).toBe(false);
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
