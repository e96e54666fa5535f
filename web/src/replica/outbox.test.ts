// @vitest-environment jsdom
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import { Database } from "./db";
import { Keeper } from "./keeper";
import { Outbox } from "./outbox";
import { WorkspaceReplica } from "./workspace";

type Asked = { path: string; body: { seq?: number } | undefined };

const server = vi.hoisted(() => ({ ask: (_: Asked): unknown => ({}) }));
vi.mock("@/api/client", () => {
  const ask = async (path: string, { body }: { body?: Asked["body"] }) => ({
    data: await server.ask({ path, body }),
    response: new Response(null, { headers: { "Tidework-Seq": "7" } }),
  });
  const data = async (answer: Promise<{ data: unknown }>) => (await answer).data;
  return { api: { POST: ask, DELETE: ask }, data };
});

let asked: Asked[];
let locks: Promise<unknown>;
let ends: (() => void)[];

beforeEach(() => {
  asked = [];
  ends = [];
  locks = Promise.resolve();
  server.ask = (one) => {
    asked.push(one);
    return { seq: 7, results: [] };
  };
  // One after the other, as tabs have them.
  const request = (_name: string, _options: object, run: () => Promise<void>) => {
    locks = locks.then(run);
    return locks;
  };
  vi.stubGlobal("navigator", { locks: { request } });
});
afterEach(() => {
  for (const end of ends) end();
  vi.unstubAllGlobals();
});

/** An outbox over the database of `user`, as a tab has it. */
async function tab(user: string) {
  const db = new Database(user);
  const keeper = new Keeper(Promise.resolve(db), () => undefined);
  const replica = new WorkspaceReplica("w", user);
  const refused: Problem[] = [];
  const outbox = new Outbox(
    user,
    keeper,
    { replica: async () => replica, catchUp: async () => {}, texts: async () => undefined },
    { changed() {}, done() {}, refused: (_, problem) => refused.push(problem) },
  );
  ends.push(() => {
    outbox.stop();
    db.close();
  });
  await outbox.start();
  return { outbox, keeper, refused };
}

const create = {
  kind: "tasks" as const,
  operations: [{ op: "create" as const, id: "t", data: { title: "T" } }],
};
const undone = () =>
  asked.filter(({ path }) => path.endsWith("/undo")).map(({ body }) => body?.seq);
const settled = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

it("takes back what another tab has sent", async () => {
  const user = crypto.randomUUID();
  await tab(user);
  const { outbox } = await tab(user);
  const key = outbox.add("w", create);
  await settled(() => expect(outbox.all.find((one) => one.key === key)?.state).toBe("done"));
  await outbox.undo(key);
  await settled(() => expect(undone()).toEqual([7]));
});

it("takes back what another tab is sending, by its commit", async () => {
  const user = crypto.randomUUID();
  await tab(user);
  const second = await tab(user);
  let key = "";
  let undoing: Promise<void> | undefined;
  server.ask = (one) => {
    asked.push(one);
    // The second tab has not heard yet that this is on its way.
    if (!one.path.endsWith("/undo")) undoing = second.outbox.undo(key);
    return { seq: 7, results: [] };
  };
  key = second.outbox.add("w", create);
  await settled(() => expect(undone()).toEqual([7]));
  await undoing;
});

it("sends nothing that another tab has taken back", async () => {
  const user = crypto.randomUUID();
  const first = await tab(user);
  const second = await tab(user);
  // The first tab cannot look at what waits until the second one has changed its mind.
  let go: () => void = () => undefined;
  void first.keeper.write(
    () =>
      new Promise<void>((settle) => {
        go = settle;
      }),
  );
  const key = second.outbox.add("w", create);
  await settled(() => expect(first.outbox.all.map((one) => one.key)).toEqual([key]));
  await second.outbox.undo(key);
  go();
  await settled(() => expect(first.outbox.all).toEqual([]));
  expect(asked).toEqual([]);
});

it("does not refuse to remove a comment that is gone", async () => {
  const { outbox, refused } = await tab(crypto.randomUUID());
  server.ask = (one) => {
    asked.push(one);
    throw new Problem(404, "not_found", "");
  };
  const key = outbox.add("w", { kind: "comment", op: "delete", taskId: "t", id: "c" });
  await settled(() => expect(outbox.all.find((one) => one.key === key)?.state).toBe("done"));
  expect([asked.length, refused]).toEqual([1, []]);
});
