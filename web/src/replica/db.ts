/** What is kept in this browser, for one account: its workspaces' tasks, and what waits to be sent. */

import Dexie, { type EntityTable, liveQuery } from "dexie";
import type { Entry, Label, Member, Project, Task, Workspace } from "./model";

/** A workspace's head. `seq`: how far its tasks have come; null while they are still being loaded. */
export type Head = {
  id: string;
  seq: number | null;
  workspace: Workspace;
  members: Member[];
  projects: Project[];
  labels: Label[];
  /** Whether the descriptions are all there too. */
  texts: boolean;
  /** Who is writing it for the first time; nobody else may end that. */
  writing?: string;
};
/** Tasks as they came, many in one text: a row for each takes many times as long. */
export type Part = { n?: number; workspace_id: string; tasks: string };
/** What has happened to a task since. */
export type Row = Task | Gone;
export type Gone = { id: string; workspace_id: string; gone: true };
/** Descriptions as they came, with the ids of their tasks. */
export type TextPart = { n?: number; workspace_id: string; ids: string[]; texts: string };
export type Text = { id: string; workspace_id: string; version: number; description: string };
/** Something typed and not sent, by what it is for. */
export type Draft = { id: string; text: string; at: number };
export type Kept = { id: string; value: unknown };

export class Database extends Dexie {
  declare heads: EntityTable<Head, "id">;
  declare parts: EntityTable<Part, "n">;
  declare tasks: EntityTable<Row, "id">;
  declare textParts: EntityTable<TextPart, "n">;
  declare texts: EntityTable<Text, "id">;
  declare outbox: EntityTable<Entry, "key">;
  declare drafts: EntityTable<Draft, "id">;
  declare kept: EntityTable<Kept, "id">;

  constructor(readonly userId: string) {
    super(`${PREFIX}${userId}`);
    this.version(1).stores({
      heads: "id",
      tasks: "id, workspace_id",
      texts: "id, workspace_id",
      outbox: "key, order",
      drafts: "id",
      kept: "id",
    });
    this.version(2).stores({ parts: "++n, workspace_id", textParts: "++n, workspace_id, *ids" });
    // Copies of before may have tasks that were deleted: they come anew.
    this.version(3).upgrade((all) =>
      Promise.all(COPY.map((name) => all.table(name).clear())).then(() => undefined),
    );
  }

  /** Call `tell` with what waits to be sent, now and whenever any tab changes that. */
  watchOutbox(tell: (entries: Entry[]) => void): () => void {
    const watch = liveQuery(() => this.outbox.orderBy("order").toArray()).subscribe({
      next: tell,
      error: () => null,
    });
    return () => watch.unsubscribe();
  }
}

const PREFIX = "tidework-";
// What the server can tell again, unlike what waits to be sent and what is being typed.
const COPY = ["heads", "parts", "tasks", "textParts", "texts"];

/** Erase what accounts have left in this browser, but for that of `userId`. */
export async function eraseAll(userId?: string): Promise<void> {
  const names = await Dexie.getDatabaseNames();
  const others = names.filter((name) => name.startsWith(PREFIX) && name !== `${PREFIX}${userId}`);
  await Promise.all(others.map((name) => Dexie.delete(name)));
}
