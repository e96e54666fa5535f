/** The copy of one account's workspaces in this tab: their replicas, their sync, and the outbox. */

import { api, data } from "@/api/client";
import { Problem } from "@/api/problem";
import { onSession, sessionState } from "@/api/session";
import { quiet } from "@/quiet";
import { operationsOf } from "./fold";
import { Keeper, type Storage } from "./keeper";
import { readText } from "./keeping";
import type { Entry, Workspace } from "./model";
import { Outbox } from "./outbox";
import { WorkspaceSync } from "./sync";
import { type Folded, WorkspaceReplica } from "./workspace";

/** What others want to know of it. */
export type StoreEvents = {
  /** Commits have been folded in. */
  folded(workspaceId: string, folded: Folded): void;
  /** There is something new in the inbox. */
  inbox(): void;
  /** What somebody did has been refused and taken back. */
  refused(entries: readonly Entry[], problem: Problem): void;
  /** An entry is done. */
  done(entry: Entry): void;
};

export type Connection = {
  /** Whether commits of the workspace that is being looked at are coming in. */
  live: boolean;
  waiting: number;
  asking: readonly Entry[];
  storage: Storage;
};

// Streams that a tab has open at most; what is not listened to is asked for now and then.
const STREAMS = 6;
const POLL_MS = 60_000;
const WORKSPACES = "workspaces";

// Not needed for the first page to be shown, and a good part of all the code.
const files = () => import("./db");

export class Store {
  private readonly syncs = new Map<string, WorkspaceSync>();
  private readonly lives = new Map<string, boolean>();
  private readonly listeners = new Set<() => void>();
  readonly keeper: Keeper;
  private readonly outbox: Outbox;
  private list: readonly Workspace[] = [];
  private connection: Connection = { live: false, waiting: 0, asking: [], storage: "ok" };
  private current: string | null = null;
  // One tab sends for all; what is refused is said in whichever the person looks at.
  private readonly tabs =
    typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("tidework.refused");
  private endListening: (() => void) | undefined;
  private poll: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly userId: string,
    private readonly on: StoreEvents,
  ) {
    const opening =
      typeof indexedDB === "undefined"
        ? null
        : files().then(({ Database }) => new Database(userId));
    this.keeper = new Keeper(opening, () => this.told());
    this.outbox = new Outbox(
      userId,
      this.keeper,
      {
        replica: async (id) => {
          const sync = this.sync(id);
          await sync.open();
          if (sync.replica.seq === null) await sync.catchUp();
          return sync.replica;
        },
        catchUp: (id) => this.sync(id).catchUp(),
        texts: async (id) => (await this.text(id))?.description,
        isHeard: () => sessionState() !== "ended",
      },
      {
        changed: () => this.show(),
        refused: (entries, problem) => {
          const { status, code, message, errors } = problem;
          this.tabs?.postMessage({ userId, entries, problem: { status, code, message, errors } });
          this.on.refused(entries, problem);
        },
        done: (entry) => this.done(entry),
      },
    );
  }

  /** Show what is kept here, and what the server has. */
  start(): void {
    this.tabs?.addEventListener("message", ({ data: { userId, entries, problem } }) => {
      if (userId !== this.userId) return;
      this.on.refused(
        entries,
        new Problem(problem.status, problem.code, problem.message, problem.errors),
      );
    });
    this.poll = setInterval(this.refreshAll, POLL_MS);
    document.addEventListener("visibilitychange", this.refreshAll);
    void this.refreshAll();
    void this.outbox.start();
    // Whoever has signed in again does not wait for the next attempt.
    this.endListening = onSession(() => {
      if (sessionState() === "in") this.outbox.soon();
    });
    void this.kept<Workspace[]>(WORKSPACES).then((items) => {
      if (items !== undefined && this.list.length === 0) this.setWorkspaces(items);
    });
  }

  stop(): void {
    clearInterval(this.poll);
    this.endListening?.();
    document.removeEventListener("visibilitychange", this.refreshAll);
    this.outbox.stop();
    for (const sync of this.syncs.values()) sync.close();
    this.tabs?.close();
    void this.keeper.close();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly workspaces = (): readonly Workspace[] => this.list;
  readonly state = (): Connection => this.connection;
  readonly entries = (): readonly Entry[] => this.outbox.all;

  replica(id: string): WorkspaceReplica {
    return this.sync(id).replica;
  }

  /** Begin to keep `id` current, first of all. */
  look(id: string): void {
    this.current = id;
    const sync = this.sync(id);
    const listening = [...this.syncs.values()].filter((one) => one.listening && one !== sync);
    for (const one of listening.slice(0, Math.max(0, listening.length - STREAMS + 1))) one.close();
    void sync.open().then(() => sync.listen());
    this.told();
  }

  /** Up to date with the server, as far as it can be reached. */
  async pull(id: string): Promise<void> {
    await this.sync(id)
      .catchUp()
      .catch(() => null);
  }

  /** The members as they are called now. */
  people(id: string): Promise<void> {
    return this.sync(id).people();
  }

  async loadWorkspaces(): Promise<void> {
    const { items } = await data(api.GET("/api/v1/workspaces"));
    this.setWorkspaces(items);
    void this.keeper.write((db) => db.kept.put({ id: WORKSPACES, value: items }));
  }

  add(workspaceId: string, work: Entry["work"]): string {
    return this.outbox.add(workspaceId, work);
  }

  undo(keys: readonly string[]): Promise<void> {
    return this.outbox.undo(keys);
  }

  resolve(...args: Parameters<Outbox["resolve"]>): void {
    this.outbox.resolve(...args);
  }

  /** The description of a task as it is kept here. */
  text(taskId: string) {
    return this.keeper.read((db) => readText(db, taskId));
  }

  keepText(workspaceId: string, id: string, version: number, description: string): void {
    const row = { id, workspace_id: workspaceId, version, description };
    void this.keeper.write((db) => db.texts.put(row));
  }

  /** Something small, under a name of its own. */
  async kept<T>(id: string): Promise<T | undefined> {
    return (await this.keeper.read((db) => db.kept.get(id)))?.value as T | undefined;
  }

  keep(id: string, value: unknown): void {
    void this.keeper.write((db) => db.kept.put({ id, value }));
  }

  private sync(id: string): WorkspaceSync {
    const known = this.syncs.get(id);
    if (known !== undefined) return known;
    const replica = new WorkspaceReplica(id, this.userId);
    const sync = new WorkspaceSync(replica, this.keeper, {
      folded: (workspaceId, folded) => this.on.folded(workspaceId, folded),
      inbox: () => this.on.inbox(),
      live: (workspaceId, on) => {
        this.lives.set(workspaceId, on);
        this.told();
      },
      gone: () => void this.loadWorkspaces().catch(() => null),
    });
    this.syncs.set(id, sync);
    // It may be asked for while something is being drawn; nothing may change then.
    queueMicrotask(() => this.show());
    void sync.open();
    return sync;
  }

  /** Which workspaces there are, and what is new in those that nobody listens to. */
  private readonly refreshAll = async (): Promise<void> => {
    if (document.visibilityState === "hidden") return;
    await this.loadWorkspaces().catch(() => null);
    await quiet();
    // What is being looked at comes before what is not.
    const looked = this.current === null ? null : this.sync(this.current);
    if (looked?.replica.seq === null) {
      await looked.catchUp().catch(() => null);
      await quiet();
    }
    for (const { id } of this.list) {
      const sync = this.sync(id);
      if (!sync.listening) await sync.catchUp().catch(() => null);
    }
  };

  private setWorkspaces(items: readonly Workspace[]): void {
    this.list = items;
    for (const listener of [...this.listeners]) listener();
  }

  /** Put what waits over what the server has said. */
  private show(): void {
    const byWorkspace = new Map<string, Entry[]>();
    for (const entry of this.outbox?.all ?? []) {
      const list = byWorkspace.get(entry.workspaceId);
      if (list === undefined) byWorkspace.set(entry.workspaceId, [entry]);
      else list.push(entry);
    }
    for (const [id, { replica }] of this.syncs) {
      const entries = byWorkspace.get(id) ?? [];
      for (const entry of entries) if (entry.state === "done") learn(replica, entry);
      const waiting = entries.filter(({ state }) => state !== "done");
      if (waiting.length > 0 || replica.pending.length > 0) replica.setPending(waiting);
    }
    this.told();
  }

  private done(entry: Entry): void {
    if (entry.work.kind === "undo") void this.pull(entry.workspaceId);
    this.on.done(entry);
  }

  private told(): void {
    const entries = this.outbox?.all ?? [];
    const before = this.connection;
    const asking = entries.filter(({ state }) => state === "asking");
    const next: Connection = {
      live: this.current !== null && this.lives.get(this.current) === true,
      waiting: entries.filter(({ state }) => state === "waiting").length,
      asking: same(asking, before.asking) ? before.asking : asking,
      storage: this.keeper?.storage ?? "ok",
    };
    const keys = Object.keys(next) as (keyof Connection)[];
    if (keys.some((key) => next[key] !== before[key])) this.connection = next;
    for (const listener of [...this.listeners]) listener();
  }
}

const same = (some: readonly Entry[], others: readonly Entry[]): boolean =>
  some.length === others.length && some.every((entry, i) => entry === others[i]);

function learn(replica: WorkspaceReplica, entry: Entry): void {
  const gone = operationsOf(entry).flatMap(({ op, id }) => (op === "delete" ? id : []));
  const present = gone.filter((id) => (replica.base(id)?.version ?? Infinity) < (entry.seq ?? 0));
  const tasks = (entry.tasks ?? []).filter(
    ({ id, version }) => (replica.base(id)?.version ?? -1) < version,
  );
  if (tasks.length > 0 || present.length > 0) replica.learn(tasks, present, entry.seq ?? 0);
}

let current: Store | null = null;
let left: Store | null = null;

/** The store of whoever is signed in. Throws when nobody is. */
export function store(): Store {
  if (current === null) throw new Error("nobody is signed in");
  return current;
}

/**
 * The store for what is drawn: also of whoever has just left, since a drawing that they interrupted
 * goes on to its end before it is thrown away.
 */
export const drawnStore = (): Store => current ?? left ?? store();

export const currentKeeper = (): Keeper | null => current?.keeper ?? null;

/** Open the copy of `userId`; the same again when it is open. */
export function openStore(userId: string, on: StoreEvents): Store {
  if (current?.userId === userId) return current;
  current?.stop();
  left = null;
  current = new Store(userId, on);
  current.start();
  // Whoever was here before is not, and theirs is nobody else's business.
  void files().then(({ eraseOthers }) => eraseOthers(userId));
  return current;
}

/** Close it, and erase what is kept in this browser: all of its account's. */
export async function eraseStore(): Promise<void> {
  const closing = current;
  closing?.stop();
  left = closing ?? left;
  current = null;
  forgetPerson();
  await closing?.keeper.close();
  const { erase, eraseOthers } = await files();
  if (closing !== null) await erase(closing.userId);
  await eraseOthers();
}

// How the browser's owner likes the application is not about the account.
const STAYS = new Set(["tidework.language", "tidework.shortcuts"]);

function forgetPerson(): void {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("tidework.") && !STAYS.has(name)) localStorage.removeItem(name);
  }
}
