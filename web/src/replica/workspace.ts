/** One workspace in memory: what the server has said, and over it what waits to be sent. */

import type { Schemas } from "@/api/client";
import { now } from "@/time/clock";
import type { Head } from "./db";
import { draft, foldNamed, foldTask, operationsOf, patched, slim } from "./fold";
import type { Change, Entry, Label, Project, Task } from "./model";

/** Everything of a workspace at one moment; another object after each change. */
export type View = {
  id: string;
  /** `loading` until all tasks are there for the first time; `gone` when it is not ours any more. */
  state: "loading" | "ready" | "gone";
  tasks: ReadonlyMap<string, Task>;
  head: Head | undefined;
  /** Ids of the tasks that something waits for. */
  pending: ReadonlySet<string>;
};

/**
 * What commits were about: for the database, which has to have it before it moves on in the log,
 * and for whoever keeps more than this. `tasks` may be newer than the commits, never older.
 */
export type Folded = { tasks: Task[]; gone: string[]; changes: readonly Change[] };

export class WorkspaceReplica {
  private readonly server = new Map<string, Task>();
  private readonly removed = new Map<string, number>();
  private readonly tasks = new Map<string, Task>();
  private entries: readonly Entry[] = [];
  private byTask = new Map<string, Entry[]>();
  private head: Head | undefined;
  private state: View["state"] = "loading";
  private view: View;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly id: string,
    private readonly me: string,
  ) {
    this.view = this.make();
  }

  /** The present view; the same object until something changes. */
  readonly get = (): View => this.view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** The seq up to which the log has been folded; null while tasks are being loaded. */
  get seq(): number | null {
    return this.head?.seq ?? null;
  }

  /** All tasks as the server has them. */
  all(): Task[] {
    return [...this.server.values()];
  }

  /** The task as the server has it. */
  base(id: string): Task | undefined {
    return this.server.get(id);
  }

  /** Take `tasks` of `head` over, unless newer ones are here; more is to come. */
  load(tasks: readonly Task[], head: Head): void {
    for (const task of tasks) this.keep(task);
    this.head = head;
    this.changed();
  }

  /** With `tasks` all is here that there is, as of `head`; what is shown and is not among it goes. */
  complete(tasks: readonly Task[], head: Head): void {
    for (const task of tasks) this.keep(task);
    this.head = head;
    this.state = "ready";
    if (this.tasks.size > this.server.size || this.byTask.size > 0) {
      this.redo([...this.tasks.keys()]);
    }
    this.changed();
  }

  setHead(head: Head): void {
    this.head = head;
    this.changed();
  }

  setState(state: View["state"]): void {
    this.state = state;
    this.changed();
  }

  /** Fold `changes` in, which bring the workspace to `seq`. What is known already costs nothing. */
  fold(changes: readonly Change[], seq: number): Folded {
    const named = new Set<string>();
    const touched = new Set<string>();
    let { projects, labels, workspace } = this.head ?? {
      projects: [],
      labels: [],
      workspace: null,
    };
    for (const change of changes) {
      if (change.entity === "task") {
        named.add(change.id);
        if (this.foldOne(change)) touched.add(change.id);
      } else if (change.entity === "project") {
        projects = replaced<Project>(projects, change);
      } else if (change.entity === "label") {
        labels = replaced<Label>(labels, change);
      } else if (change.entity === "workspace" && workspace !== null) {
        workspace = foldNamed(workspace, change) ?? workspace;
      }
    }
    if (this.head !== undefined && workspace !== null) {
      const known = this.head.seq;
      this.head = {
        ...this.head,
        workspace,
        projects,
        labels,
        seq: known === null ? null : Math.max(known, seq),
      };
    }
    this.redo(touched);
    this.changed();
    // Also what an answer had told already: the copy knows of it by the log alone.
    const tasks = [...named].flatMap((id) => this.server.get(id) ?? []);
    return { tasks, gone: [...named].filter((id) => !this.server.has(id)), changes };
  }

  /** Forget what the server has said; it will be told anew. What is shown stays until then. */
  reset(): void {
    this.server.clear();
    this.removed.clear();
    if (this.head !== undefined) this.head = { ...this.head, seq: null };
  }

  /** Take over what the server has answered about tasks, ahead of the log. */
  learn(tasks: readonly Schemas["TaskOut"][], gone: readonly string[] = [], seq = 0): void {
    for (const task of tasks) this.keep(slim(task));
    for (const id of gone) {
      this.server.delete(id);
      this.removed.set(id, seq);
    }
    this.redo(gone);
    this.changed();
  }

  /** Show `entries`, in their order, over what the server has said. */
  setPending(entries: readonly Entry[]): void {
    const touched = new Set(this.byTask.keys());
    this.entries = entries;
    this.byTask = new Map();
    for (const entry of entries) {
      for (const { id } of operationsOf(entry)) {
        const list = this.byTask.get(id);
        if (list === undefined) this.byTask.set(id, [entry]);
        else if (list.at(-1) !== entry) list.push(entry);
        touched.add(id);
      }
    }
    this.redo(touched);
    this.changed();
  }

  get pending(): readonly Entry[] {
    return this.entries;
  }

  private keep(task: Task): void {
    const known = this.server.get(task.id);
    if (known !== undefined && known.version >= task.version) return;
    if ((this.removed.get(task.id) ?? -1) >= task.version) return;
    this.server.set(task.id, task);
    if (this.byTask.has(task.id)) this.redo([task.id]);
    else this.tasks.set(task.id, task);
  }

  private foldOne(change: Change): boolean {
    const before = this.server.get(change.id);
    if (before === undefined && (this.removed.get(change.id) ?? -1) >= change.seq) return false;
    const after = foldTask(before, change, this.id);
    if (after === before) return false;
    if (after !== undefined) this.server.set(change.id, after);
    else {
      this.server.delete(change.id);
      this.removed.set(change.id, change.seq);
    }
    return true;
  }

  private redo(ids: Iterable<string>): void {
    const at = now().toISOString();
    for (const id of ids) {
      let task = this.server.get(id);
      for (const entry of this.byTask.get(id) ?? []) {
        for (const operation of operationsOf(entry)) {
          if (operation.id !== id) continue;
          if (operation.op === "delete") task = undefined;
          else if (operation.op === "create") {
            task ??= draft(id, operation.data, this.id, this.me, at);
          } else if (task !== undefined) task = patched(task, operation.data, at);
        }
      }
      if (task === undefined) this.tasks.delete(id);
      else this.tasks.set(id, task);
    }
  }

  private make(): View {
    return {
      id: this.id,
      state: this.state,
      tasks: this.tasks,
      head: this.head,
      pending: new Set(this.byTask.keys()),
    };
  }

  private changed(): void {
    this.view = this.make();
    for (const listener of [...this.listeners]) listener();
  }
}

function replaced<T extends Project | Label>(items: readonly T[], change: Change): T[] {
  const before = items.find((item) => item.id === change.id);
  const after = foldNamed(before, change);
  if (after === before) return items as T[];
  const others = items.filter((item) => item.id !== change.id);
  return after === undefined
    ? others
    : [...others, after].sort((a, b) => a.name.localeCompare(b.name));
}
