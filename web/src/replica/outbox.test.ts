// @vitest-environment jsdom
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import { Database } from "./db";
import { Keeper } from "./keeper";
import { Outbox } from "./outbox";
import { WorkspaceReplica } from "./workspace";

type Body = { seq?: number; operations?: { op: string; id: string }[] };
type Asked = { path: string; key: string; body: Body | undefined };
type Options = { body?: Body; headers?: Record<string, string> };

const server = vi.hoisted(() => ({ ask: (_: Asked): unknown => ({}), isHeard: true }));
vi.mock("@/api/client", () => {
  const ask = async (path: string, { body, headers }: Options) => ({
    data: await server.ask({ path, body, key: headers?.["Idempotency-Key"] ?? "" }),
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
  server.isHeard = true;
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
    {
      replica: async () => replica,
      catchUp: async () => {},
      texts: async () => undefined,
      isHeard: () => server.isHeard,
    },
    { changed() {}, done() {}, refused: (_, problem) => refused.push(problem) },
  );
  const end = () => {
    outbox.stop();
    db.close();
  };
  ends.push(end);
  await outbox.start();
  return { outbox, keeper, refused, close: () => ends.splice(ends.indexOf(end), 1)[0]?.() };
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
  await outbox.undo([key]);
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
    if (!one.path.endsWith("/undo")) undoing = second.outbox.undo([key]);
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
  await second.outbox.undo([key]);
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

const deletion = (id: string) => ({
  kind: "tasks" as const,
  operations: [{ op: "delete" as const, id }],
});

/** A server that has a log, answers a key once, and undoes the newest first only. */
function logging() {
  const commits: { seq: number; what: string; undone: boolean }[] = [];
  const answers = new Map<string, unknown>();
  const holds = new Map<string, Promise<void>>();
  const take = ({ path, body }: Asked): unknown => {
    const seq = commits.length + 1;
    if (path.endsWith("/undo")) {
      const open = commits.filter((one) => !one.undone && !one.what.startsWith("undo"));
      const newest = open.at(-1);
      if (newest?.seq !== body?.seq) throw new Problem(409, "later_changes", "");
      if (newest !== undefined) newest.undone = true;
      commits.push({ seq, what: `undo ${body?.seq}`, undone: false });
    } else {
      commits.push({ seq, what: body?.operations?.[0]?.id ?? "", undone: false });
    }
    return { seq, results: [] };
  };
  server.ask = async (one) => {
    asked.push(one);
    const answer = answers.get(one.key) ?? take(one);
    answers.set(one.key, answer);
    // Done, and the answer is on its way.
    await holds.get(one.body?.operations?.[0]?.id ?? "");
    return answer;
  };
  const hold = (id: string) => {
    let go: () => void = () => undefined;
    let fail: () => void = () => undefined;
    const held = new Promise<void>((settle, refuse) => {
      go = settle;
      fail = () => refuse(new TypeError("no answer"));
    });
    held.catch(() => null);
    holds.set(id, held);
    return {
      go,
      fail: () => {
        fail();
        holds.delete(id);
      },
    };
  };
  return { commits, hold, told: () => commits.map(({ what }) => what) };
}

it("takes back what was sent, the last first, while some of it is on its way", async () => {
  const { told, hold } = logging();
  const { outbox, refused } = await tab(crypto.randomUUID());
  const { go } = hold("b");
  const keys = ["a", "b", "c", "d"].map((id) => outbox.add("w", deletion(id)));
  await settled(() => expect(told()).toEqual(["a", "b"]));
  const undoing = outbox.undo(keys);
  go();
  await undoing;
  await settled(() => expect(told()).toEqual(["a", "b", "undo 2", "undo 1"]));
  expect(refused).toEqual([]);
});

it("takes back also when the tab is closed before the answer, and the server is away", async () => {
  const user = crypto.randomUUID();
  const { told, hold } = logging();
  const first = await tab(user);
  const { fail } = hold("b");
  const keys = ["a", "b", "c"].map((id) => first.outbox.add("w", deletion(id)));
  await settled(() => expect(told()).toEqual(["a", "b"]));
  await first.outbox.undo(keys);
  first.close();
  fail();
  locks = Promise.resolve();
  await tab(user);
  await settled(() => expect(told()).toEqual(["a", "b", "undo 2", "undo 1"]));
  // What was not known to be done went again with its key.
  const again = asked.filter(({ body }) => body?.operations?.[0]?.id === "b");
  expect([again.length, new Set(again.map(({ key }) => key)).size]).toEqual([2, 1]);
});

it("takes back once what is asked for twice", async () => {
  const { told } = logging();
  const { outbox, refused } = await tab(crypto.randomUUID());
  const key = outbox.add("w", deletion("a"));
  await settled(() => expect(outbox.all[0]?.state).toBe("done"));
  await Promise.all([outbox.undo([key]), outbox.undo([key])]);
  await outbox.undo([key]);
  outbox.add("w", deletion("z"));
  await settled(() => expect(told()).toEqual(["a", "undo 1", "z"]));
  expect(refused).toEqual([]);
});

it("has nothing to take back of what the server refuses meanwhile", async () => {
  const { outbox, refused } = await tab(crypto.randomUUID());
  let go: () => void = () => undefined;
  server.ask = async (one) => {
    asked.push(one);
    await new Promise<void>((settle) => {
      go = settle;
    });
    throw new Problem(404, "not_found", "");
  };
  const key = outbox.add("w", deletion("a"));
  await settled(() => expect(asked.length).toBe(1));
  await outbox.undo([key]);
  expect(outbox.all.length).toBe(2);
  go();
  await settled(() => expect(outbox.all).toEqual([]));
  expect([asked.length, refused.length]).toEqual([1, 1]);
});

it("does not send again what is to be taken back and was not done", async () => {
  const { outbox } = await tab(crypto.randomUUID());
  let go: () => void = () => undefined;
  server.ask = async (one) => {
    asked.push(one);
    await new Promise<void>((settle) => {
      go = settle;
    });
    throw new Problem(412, "precondition_failed", "");
  };
  const data = { title: "mine" };
  const update = { op: "update" as const, id: "t", data, base: {} };
  const key = outbox.add("w", { kind: "tasks", operations: [update] });
  await settled(() => expect(asked.length).toBe(1));
  await outbox.undo([key]);
  go();
  await settled(() => expect(outbox.all).toEqual([]));
  expect(asked.length).toBe(1);
});

it("waits for whoever's session has ended, and asks nothing meanwhile", async () => {
  const { outbox } = await tab(crypto.randomUUID());
  server.ask = (one) => {
    asked.push(one);
    server.isHeard = false;
    throw new Problem(401, "token_expired", "");
  };
  outbox.add("w", create);
  await settled(() => expect(asked.length).toBe(1));
  for (const id of ["a", "b"]) {
    outbox.add("w", deletion(id));
    await outbox.undo([]);
    outbox.soon();
  }
  expect(asked.length).toBe(1);
  server.ask = (one) => {
    asked.push(one);
    return { seq: 7, results: [] };
  };
  server.isHeard = true;
  outbox.soon();
  await settled(() => expect(asked.length).toBe(4));
});
