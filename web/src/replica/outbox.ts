/**
 * What waits to be sent: kept in the database before anything is sent, sent in order by one tab,
 * with the same idempotency key until its outcome is known.
 */

import { asProblem, type Problem } from "@/api/problem";
import { newKey } from "@/ids";
import type { Database } from "./db";
import { operationsOf } from "./fold";
import type { Keeper } from "./keeper";
import type { Conflict, Entry, Work } from "./model";
import { resolved } from "./rebase";
import { awaited, isBegun, type Reversal, withReversed, withSeq } from "./reversals";
import { prepare, send, type Texts } from "./sending";
import type { WorkspaceReplica } from "./workspace";

export type OutboxEvents = {
  /** The entries have changed. */
  changed(): void;
  /** The server has refused it, for good; what was shown of it has been taken back. */
  refused(entries: readonly Entry[], problem: Problem): void;
  /** It is done, by this tab. */
  done(entry: Entry): void;
};

export type Ground = {
  /** The workspace as far as it is here. */
  replica(workspaceId: string): Promise<WorkspaceReplica>;
  /** Up to date with the server. */
  catchUp(workspaceId: string): Promise<void>;
  texts: Texts;
  /** Whether the server would hear of it: not where the session has ended. */
  isHeard(): boolean;
};

const LONGEST_WAIT_MS = 30_000;
// Other tabs see what an entry has led to before it goes.
const KEPT_MS = 10_000;
const ATTEMPTS = 5;

const allOf = (db: Database) => db.outbox.orderBy("order").toArray();
const inOrder = (one: Entry, other: Entry): number => one.order - other.order;

export class Outbox {
  private entries: Entry[] = [];
  private readonly unsaved = new Set<string>();
  private readonly gone = new Set<string>();
  private readonly seqs = new Map<string, number>();
  private readonly undoing = new Set<string>();
  private order = 0;
  private wake: (() => void) | null = null;
  private attempts = 0;
  private readonly ending = new AbortController();

  constructor(
    private readonly userId: string,
    private readonly keeper: Keeper,
    private readonly ground: Ground,
    private readonly on: OutboxEvents,
  ) {}

  /** Show what waits since last time, and begin to send. */
  async start(): Promise<void> {
    const { signal } = this.ending;
    this.merge((await this.keeper.read(allOf)) ?? []);
    signal.addEventListener(
      "abort",
      this.keeper.watchOutbox((rows) => this.merge(rows)),
    );
    addEventListener("online", this.soon, { signal });
    const name = `tidework-outbox-${this.userId}`;
    const run = () => this.run();
    // Without locks (plain http) each tab sends; the keys keep that from happening twice.
    if ("locks" in navigator) navigator.locks.request(name, { signal }, run).catch(() => null);
    else void run();
  }

  stop(): void {
    this.ending.abort();
    this.soon();
  }

  get all(): readonly Entry[] {
    return this.entries;
  }

  /** Do `work`: it is shown at once. The answer is its key. */
  add(workspaceId: string, work: Work): string {
    const order = this.orders(1);
    const entry: Entry = { key: newKey(), order, workspaceId, work, state: "waiting" };
    this.entries = [...this.entries, entry];
    this.save(entry);
    this.on.changed();
    this.soon();
    return entry.key;
  }

  /**
   * Take these entries back, the last first: what was not sent just goes, of the rest other commits
   * reverse it. That they are to be is kept at once, for all of them.
   */
  async undo(keys: readonly string[]): Promise<void> {
    const asked = keys.filter((key) => !this.undoing.has(key));
    for (const key of asked) this.undoing.add(key);
    const known = new Map(this.entries.map((entry) => [entry.key, entry]));
    const isUnsent = (key: string): boolean => {
      const entry = known.get(key);
      return entry !== undefined && this.sending !== key && !isBegun(entry);
    };
    const unsent = new Set(asked.filter(isUnsent));
    this.hide([...unsent]);
    const order = this.orders(asked.length);
    const reversals = [...asked].reverse().flatMap((key, i) => {
      const [entry, seq] = [known.get(key), this.seqs.get(key)];
      // What the server has refused left nothing to be reversed.
      if (entry === undefined && seq === undefined) return [];
      const workspaceId = entry?.workspaceId ?? this.where.get(key) ?? "";
      const work = { kind: "undo" as const, of: key, ...(seq !== undefined && { seq }) };
      return { key: newKey(), order: order + i, workspaceId, work, state: "waiting" as const };
    });
    const kept = await this.keepReversals(reversals, unsent);
    for (const { work } of kept) this.gone.delete(work.of);
    this.merge((await this.keeper.read(allOf)) ?? []);
    const here = new Set(this.entries.map(({ key }) => key));
    const more = kept.filter(({ key }) => !here.has(key) && !this.gone.has(key));
    this.entries = [...this.entries, ...more].sort(inOrder);
    this.on.changed();
    this.soon();
  }

  /** Which of `reversals` are needed: those of `unsent` only where another tab has begun to send. */
  private async keepReversals(
    reversals: readonly Reversal[],
    unsent: ReadonlySet<string>,
  ): Promise<Reversal[]> {
    let needed: Reversal[] = [];
    const kept = await this.keeper.write((db) =>
      db.transaction("rw", db.outbox, async () => {
        const rows = await db.outbox.bulkGet(reversals.map(({ work }) => work.of));
        const begun = new Map(rows.flatMap((row) => (row && isBegun(row) ? [[row.key, row]] : [])));
        needed = reversals
          .filter(({ work: { of } }) => !unsent.has(of) || begun.has(of))
          .map((one) => withSeq(one, begun.get(one.work.of)?.seq));
        await db.outbox.bulkDelete([...unsent].filter((key) => !begun.has(key)));
        await db.outbox.bulkPut(needed);
      }),
    );
    if (kept) return needed;
    // Without a database nobody else sends, and nothing is kept.
    needed = reversals.filter(({ work }) => !unsent.has(work.of));
    for (const { key } of needed) this.unsaved.add(key);
    return needed;
  }

  /** `count` places after all that there is. */
  private orders(count: number): number {
    const last = Math.max(this.entries.at(-1)?.order ?? 0, this.order);
    const order = Math.max(Date.now(), last + 1);
    this.order = order + count - 1;
    return order;
  }

  /** Decide what was asked: for each field that two have changed, whose is kept. */
  resolve(key: string, keepMine: (conflict: Conflict) => boolean): void {
    const entry = this.entries.find((one) => one.key === key);
    if (entry?.work.kind !== "tasks" || entry.conflicts === undefined) return;
    const { conflicts, work, ...rest } = entry;
    const operations = work.operations.flatMap((operation) =>
      operation.op === "update" ? (resolved(operation, conflicts, keepMine) ?? []) : operation,
    );
    if (operations.length === 0) this.remove([key]);
    else this.replace({ ...rest, work: { kind: "tasks", operations }, state: "waiting" });
    this.soon();
  }

  /** Try again now, whatever the wait was. */
  readonly soon = (): void => {
    this.wake?.();
  };

  private sending: string | null = null;
  private readonly where = new Map<string, string>();

  /** Keep that it is being sent now. False when another tab has just taken it back. */
  private async claimed(entry: Entry): Promise<boolean> {
    if (this.unsaved.has(entry.key) && !(await this.save(entry))) return true;
    let there = true;
    await this.keeper.write((db) =>
      db.transaction("rw", db.outbox, async () => {
        there = (await db.outbox.get(entry.key)) !== undefined;
        if (there) await db.outbox.put(entry);
      }),
    );
    if (there) this.entries = this.entries.map((one) => (one.key === entry.key ? entry : one));
    else this.hide([entry.key]);
    this.on.changed();
    return there;
  }

  /** The commit of an entry that is done; undefined where it made none, or was refused. */
  private async seqOf(key: string): Promise<number | undefined> {
    return this.seqs.get(key) ?? (await this.keeper.read((db) => db.outbox.get(key)))?.seq;
  }

  /** What the database has, with what is not there yet. */
  private merge(rows: readonly Entry[]): void {
    // Another tab may have sent what this one wants to take back.
    for (const { key, seq } of rows) if (seq !== undefined) this.seqs.set(key, seq);
    const known = new Set(rows.map(({ key }) => key));
    const own = this.entries.filter(({ key }) => this.unsaved.has(key) && !known.has(key));
    const mine = new Map(this.entries.map((entry) => [entry.key, entry]));
    this.entries = [...rows, ...own]
      .filter(({ key }) => !this.gone.has(key))
      // What is being written just now is newer than what was read.
      .map((entry) => (this.unsaved.has(entry.key) ? (mine.get(entry.key) ?? entry) : entry))
      .sort(inOrder);
    this.on.changed();
    this.soon();
  }

  private save(entry: Entry): Promise<boolean> {
    this.unsaved.add(entry.key);
    this.where.set(entry.key, entry.workspaceId);
    return this.keeper
      .write((db) => db.outbox.put(entry))
      .then((kept) => {
        if (kept && this.entries.find(({ key }) => key === entry.key) === entry) {
          this.unsaved.delete(entry.key);
        }
        return kept;
      });
  }

  private replace(entry: Entry): Promise<boolean> {
    this.entries = this.entries.map((one) => (one.key === entry.key ? entry : one));
    const saved = this.save(entry);
    this.on.changed();
    return saved;
  }

  private remove(keys: readonly string[]): void {
    this.hide(keys);
    void this.keeper.write((db) => db.outbox.bulkDelete([...keys]));
  }

  /** Forget what is done, but for what is to be reversed and tells by which commit. */
  private discard(keys: readonly string[]): void {
    const needed = new Set(this.entries.flatMap(awaited));
    this.hide(keys.filter((key) => !needed.has(key)));
    void this.keeper.write((db) =>
      db.transaction("rw", db.outbox, async () => {
        // Another tab may be about to.
        for (const key of (await allOf(db)).flatMap(awaited)) needed.add(key);
        await db.outbox.bulkDelete(keys.filter((key) => !needed.has(key)));
      }),
    );
  }

  private hide(keys: readonly string[]): void {
    for (const key of keys) {
      this.gone.add(key);
      this.unsaved.delete(key);
    }
    this.entries = this.entries.filter(({ key }) => !keys.includes(key));
    this.on.changed();
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    const left = this.entries.filter(({ state }) => state === "done").map(({ key }) => key);
    if (left.length > 0) this.discard(left);
    while (!signal.aborted) {
      const entry = this.next();
      const wait = entry === undefined ? null : await this.attempt(entry);
      if (wait === 0) continue;
      await new Promise<void>((settle) => {
        const timer = wait === null ? undefined : setTimeout(settle, wait);
        this.wake = () => {
          clearTimeout(timer);
          settle();
        };
        // What came between the look and this moment must not wait for the next.
        if (wait === null && (this.next() !== undefined || signal.aborted)) settle();
      });
      this.wake = null;
    }
  }

  /** The first that may go: nothing before it, on the same tasks, waits for a decision. */
  private next(): Entry | undefined {
    if (!this.ground.isHeard()) return undefined;
    const held = new Set<string>();
    const open = new Set(this.entries.flatMap(({ key, state }) => (state === "done" ? [] : key)));
    for (const entry of this.entries) {
      const ids = operationsOf(entry).map(({ id }) => id);
      if (awaited(entry).some((key) => open.has(key))) continue;
      if (entry.state === "asking" || ids.some((id) => held.has(id))) {
        for (const id of ids) held.add(id);
      } else if (entry.state === "waiting") return entry;
    }
    return undefined;
  }

  /** Try to send it. 0: go on; else how long to wait, in milliseconds. */
  private async attempt(asked: Entry): Promise<number> {
    this.sending = asked.key;
    try {
      const entry = await this.present(asked);
      if (entry === null) return 0;
      const replica = await this.ground.replica(entry.workspaceId);
      const { entry: ready, conflicts } = await prepare(entry, replica, this.ground.texts);
      if (this.gone.has(entry.key)) return 0;
      if (conflicts.length > 0) {
        void this.replace({ ...ready, state: "asking", conflicts });
        return 0;
      }
      // Kept with its key before it goes, so that after a crash the same request goes again.
      const going = ready.sent === undefined ? { ...ready, sent: { key: ready.key } } : ready;
      if (going !== asked && !(await this.claimed(going))) return 0;
      this.finish(going, replica, await send(going));
      this.attempts = 0;
      return 0;
    } catch (error) {
      return await this.failed(asked.key, asProblem(error));
    } finally {
      this.sending = null;
    }
  }

  /** The entry with all that is known of it; null, and away, when there is nothing left to do. */
  private async present(entry: Entry): Promise<Entry | null> {
    const reversal = this.entries.find((one) => awaited(one).includes(entry.key));
    // The server has not done it, and need not.
    if (reversal !== undefined && entry.sent === undefined) {
      this.remove([entry.key, reversal.key]);
      return null;
    }
    const [of] = awaited(entry);
    if (of === undefined) return entry;
    const seq = await this.seqOf(of);
    if (seq === undefined) this.remove([entry.key]);
    return seq === undefined ? null : withSeq(entry, seq);
  }

  private finish(
    entry: Entry,
    replica: WorkspaceReplica,
    outcome: Awaited<ReturnType<typeof send>>,
  ): void {
    const done: Entry = { ...entry, ...outcome, state: "done" };
    const gone = operationsOf(entry).flatMap(({ op, id }) => (op === "delete" ? id : []));
    replica.learn(outcome.tasks ?? [], gone, outcome.seq ?? 0);
    void this.replace(done);
    if (done.seq !== undefined) this.seqs.set(done.key, done.seq);
    this.on.done(done);
    setTimeout(() => this.discard(withReversed(done)), KEPT_MS);
  }

  private async failed(key: string, problem: Problem): Promise<number> {
    const entry = this.entries.find((one) => one.key === key);
    if (entry === undefined) return 0;
    this.attempts += 1;
    if (problem.code === "idempotency_running") return 500;
    // Signed out elsewhere: it waits until the person is back.
    if (problem.passing || problem.status === 401) {
      return (
        problem.retryAfterMs ?? Math.min(500 * 2 ** Math.min(this.attempts, 10), LONGEST_WAIT_MS)
      );
    }
    if (problem.status === 412 && this.attempts <= ATTEMPTS) {
      await this.ground.catchUp(entry.workspaceId).catch(() => null);
      const { sent: _, ...again } = entry;
      await this.replace(again);
      return 0;
    }
    this.attempts = 0;
    this.refuse(entry, problem);
    return 0;
  }

  /** What was built on it cannot be either. */
  private refuse(entry: Entry, problem: Problem): void {
    const made = new Set(operationsOf(entry).flatMap(({ op, id }) => (op === "create" ? id : [])));
    const lost = this.entries.filter(
      (one) => one === entry || operationsOf(one).some(({ id }) => made.has(id)),
    );
    const keys = lost.flatMap(withReversed);
    const idle = this.entries.filter((one) => awaited(one).some((key) => keys.includes(key)));
    this.remove([...keys, ...idle.map(({ key }) => key)]);
    this.on.refused(lost, problem);
  }
}
