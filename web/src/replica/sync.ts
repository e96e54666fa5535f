/** Keeps one workspace's copy: from the database, a snapshot, the log, and as it happens. */

import { api, data, type Schemas } from "@/api/client";
import { takePage } from "@/api/early";
import { asProblem } from "@/api/problem";
import { API } from "@/api/session";
import { newId } from "@/ids";
import { drawn, quiet } from "@/quiet";
import type { Head } from "./db";
import type { Keeper } from "./keeper";
import {
  dropWorkspace,
  readWorkspace,
  writeBegin,
  writeEnd,
  writeFolded,
  writePart,
  writeTexts,
} from "./keeping";
import { mayBeKept, noteKept } from "./kept";
import { type Commit, LiveStream } from "./live";
import type { Change, Task } from "./model";
import { tellsOfPeople } from "./people";
import type { Folded, WorkspaceReplica } from "./workspace";

const PAGE = 1000;
// Tasks that are written without a pause.
const AT_ONCE = 100;
// How long people look at nothing rather than at a part.
const PARTS_MS = 1_000;

export type SyncEvents = {
  folded(workspaceId: string, folded: Folded): void;
  inbox(): void;
  live(workspaceId: string, on: boolean): void;
  gone(workspaceId: string): void;
};

export class WorkspaceSync {
  private stream: LiveStream | null = null;
  private opening: Promise<void> | null = null;
  private catching: Promise<void> | null = null;
  private keeping: Promise<void> = Promise.resolve();
  private textsWanted = true;
  private peopleKnown = false;

  constructor(
    readonly replica: WorkspaceReplica,
    private readonly keeper: Keeper,
    private readonly on: SyncEvents,
  ) {}

  /** Show what this browser has of it. */
  open(): Promise<void> {
    this.opening ??= this.fromDatabase();
    return this.opening;
  }

  /** Up to what the server has now. Throws `Problem` or `TypeError`. */
  catchUp(): Promise<void> {
    this.catching ??= this.open()
      .then(() => (this.replica.seq === null ? this.snapshot() : this.changes()))
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.catching = null;
      });
    return this.catching;
  }

  /** Hear of each commit from now on. */
  listen(): void {
    this.stream ??= new LiveStream(this.replica.id, {
      since: () => this.replica.seq,
      catchUp: () => this.catchUp(),
      commit: (commit) => this.hear(commit),
      inbox: () => this.on.inbox(),
      live: (on) => this.on.live(this.replica.id, on),
      gone: () => this.leave(),
    });
  }

  get listening(): boolean {
    return this.stream !== null;
  }

  close(): void {
    this.stream?.close();
    this.stream = null;
  }

  private async fromDatabase(): Promise<void> {
    if (!mayBeKept(this.replica.id)) return;
    const found = await this.keeper.read((db) => readWorkspace(db, this.replica.id));
    if (found === undefined) return;
    this.textsWanted = !found.head.texts;
    this.replica.complete(found.tasks, found.head);
  }

  private async snapshot(): Promise<void> {
    let page = await this.page();
    const { seq, workspace, members = [], projects = [], labels = [] } = page;
    if (workspace === undefined) throw new TypeError("a snapshot without its workspace");
    const head: Head = {
      id: workspace.id,
      seq: null,
      workspace,
      members,
      projects,
      labels,
      texts: false,
    };
    const all: Task[] = [];
    let shown = { at: performance.now(), count: 0 };
    for (;;) {
      all.push(...page.tasks);
      if (page.next_cursor === null) break;
      // Drawn once, unless that takes too long.
      if (performance.now() - shown.at > PARTS_MS) {
        this.replica.load(all.slice(shown.count), head);
        shown = { at: performance.now(), count: all.length };
      }
      page = await this.page(page.next_cursor);
    }
    const whole = { ...head, seq };
    this.peopleKnown = true;
    this.textsWanted = true;
    this.replica.complete(all.slice(shown.count), whole);
    this.keeping = this.keep(whole, all);
    await this.changes();
  }

  /** Into the database, a little at a time: nothing that people do waits for it. */
  private async keep(begun: Head, tasks: readonly Task[]): Promise<void> {
    const { replica, keeper } = this;
    const { id } = replica;
    const writing = newId();
    await drawn();
    let kept = await keeper.write((db) => writeBegin(db, begun, writing));
    for (let from = 0; kept && from < tasks.length; from += AT_ONCE) {
      await quiet();
      const part = tasks.slice(from, from + AT_ONCE);
      kept = await keeper.write((db) => writePart(db, id, writing, part));
    }
    const { head } = replica.get();
    if (!kept || head === undefined || head.seq === null) return;
    // What has been folded in meanwhile found nothing to be added to.
    const written = new Map(tasks.map((task) => [task.id, task.version]));
    const changed = replica.all().filter((task) => written.get(task.id) !== task.version);
    const gone = tasks.flatMap((task) => (replica.base(task.id) === undefined ? task.id : []));
    if (await keeper.write((db) => writeEnd(db, head, writing, changed, gone))) noteKept(id);
  }

  private async page(cursor?: string): Promise<Schemas["Snapshot"]> {
    const query = cursor === undefined ? {} : { cursor };
    const path = `${API}/workspaces/${this.replica.id}/snapshot`;
    const early = await takePage<Schemas["Snapshot"]>(path, cursor);
    if (early !== undefined) return early;
    return data(
      api.GET("/api/v1/workspaces/{w}/snapshot", {
        params: { path: { w: this.replica.id }, query },
      }),
    );
  }

  private async changes(): Promise<void> {
    for (;;) {
      const since = this.replica.seq ?? 0;
      const page = await data(
        api.GET("/api/v1/workspaces/{w}/changes", {
          params: { path: { w: this.replica.id }, query: { since, limit: PAGE } },
        }),
      );
      this.fold(page.changes as Change[], since, page.seq);
      if (!page.more) break;
    }
    if (!this.peopleKnown) void this.people();
    void this.texts();
  }

  private hear(commit: Commit): void {
    const since = this.replica.seq;
    if (since === null || commit.seq <= since) return;
    if (!commit.whole || commit.seq !== since + 1) void this.catchUp().catch(() => null);
    else this.fold(commit.changes, since, commit.seq);
  }

  private fold(changes: readonly Change[], since: number, seq: number): void {
    if (seq <= since && changes.length === 0) return;
    const before = this.replica.get().head?.members ?? [];
    const folded = this.replica.fold(changes, seq);
    const { head } = this.replica.get();
    if (head !== undefined) {
      void this.keeper.write((db) => writeFolded(db, head, since, seq, folded));
    }
    this.on.folded(this.replica.id, folded);
    if (tellsOfPeople(changes, before)) void this.people();
  }

  /** Who is here, by which name: not in the log. As it was, where the server cannot be reached. */
  async people(): Promise<void> {
    this.peopleKnown = true;
    await this.members().catch(() => null);
  }

  private async members(): Promise<void> {
    const params = { path: { w: this.replica.id } };
    const [list, workspace] = await Promise.all([
      data(api.GET("/api/v1/workspaces/{w}/members", { params })),
      data(api.GET("/api/v1/workspaces/{w}", { params })),
    ]);
    const { head } = this.replica.get();
    if (head === undefined) return;
    const changed = { members: list.items, workspace };
    this.replica.setHead({ ...head, ...changed });
    void this.keeper.write((db) => db.heads.update(head.id, changed));
  }

  /** The descriptions, for when there is no network; nobody waits for them. */
  private async texts(): Promise<void> {
    if (!this.textsWanted || !this.keeper.usable) return;
    this.textsWanted = false;
    await this.keeping;
    const { id } = this.replica;
    try {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const query = cursor === undefined ? {} : { cursor };
        const params = { path: { w: id }, query };
        const page = await data(api.GET("/api/v1/workspaces/{w}/texts", { params }));
        for (let from = 0; from < page.items.length; from += AT_ONCE) {
          await quiet();
          const part = page.items.slice(from, from + AT_ONCE);
          if (!(await this.keeper.write((db) => writeTexts(db, id, part)))) return;
        }
        cursor = page.next_cursor;
      }
      void this.keeper.write((db) => db.heads.update(id, { texts: true }));
    } catch {
      this.textsWanted = true;
    }
  }

  private async failed(error: unknown): Promise<void> {
    const problem = asProblem(error);
    if (problem.status === 404) this.leave();
    else if (problem.status === 410) {
      // The log does not reach back that far: begin again.
      this.replica.reset();
      await this.snapshot();
    } else throw problem;
  }

  private leave(): void {
    this.close();
    this.replica.setState("gone");
    void this.keeper.write((db) => dropWorkspace(db, this.replica.id));
    this.on.gone(this.replica.id);
  }
}
