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

/** How much the account has done in this browser that the server does not know of. */
export async function unsentOf(userId: string): Promise<number> {
  if (!(await Dexie.exists(`${PREFIX}${userId}`))) return 0;
  const db = new Database(userId);
  try {
    return await db.outbox.filter(({ state }) => state !== "done").count();
  } finally {
    db.close();
  }
}

/** Erase all that the account has left in this browser. */
export const erase = (userId: string): Promise<void> => Dexie.delete(`${PREFIX}${userId}`);

/**
 * Erase what other accounts than `userId` have left in this browser; of those that have not sent
 * all, only what can be had from the server: nobody has asked them.
 */
export async function eraseOthers(userId?: string): Promise<void> {
  const names = await Dexie.getDatabaseNames();
  const others = names.filter((name) => name.startsWith(PREFIX) && name !== `${PREFIX}${userId}`);
  const ids = others.map((name) => name.slice(PREFIX.length));
  await Promise.all(
    ids.map(async (id) => ((await unsentOf(id)) === 0 ? erase(id) : eraseCopy(id))),
  );
}

async function eraseCopy(userId: string): Promise<void> {
  const db = new Database(userId);
  await Promise.all([...COPY, "kept"].map((name) => db.table(name).clear()));
  db.close();
}
