/** A workspace in the database: read whole, written commit by commit. */

import type { Database, Head, Text } from "./db";
import type { Task } from "./model";
import type { Folded } from "./workspace";

/** The workspace as it was kept; undefined when it never came whole. */
export async function readWorkspace(db: Database, id: string) {
  const [head, tasks] = await db.transaction("r", db.heads, db.tasks, () =>
    Promise.all([db.heads.get(id), db.tasks.where("workspace_id").equals(id).toArray()]),
  );
  return head === undefined || head.seq === null ? undefined : { head, tasks };
}

/** Begin to keep the workspace, under the name `writing`: it is not kept until `writeEnd`. */
export const writeBegin = (db: Database, head: Head, writing: string) =>
  db.transaction("rw", db.heads, db.tasks, db.texts, async () => {
    await db.tasks.where("workspace_id").equals(head.id).delete();
    await db.texts.where("workspace_id").equals(head.id).delete();
    await db.heads.put({ ...head, seq: null, writing });
  });

// Another tab that began later, or the end of the membership, ends what was begun before.
const isWriting = async (db: Database, id: string, writing: string): Promise<boolean> =>
  (await db.heads.get(id))?.writing === writing;

export const writePart = (db: Database, id: string, writing: string, tasks: readonly Task[]) =>
  db.transaction("rw", db.heads, db.tasks, async () => {
    if (await isWriting(db, id, writing)) await db.tasks.bulkPut([...tasks]);
  });

/** The workspace is kept as of `head`: with what has changed since its tasks were written. */
export const writeEnd = (
  db: Database,
  head: Head,
  writing: string,
  changed: readonly Task[],
  gone: readonly string[],
) =>
  db.transaction("rw", db.heads, db.tasks, async () => {
    if (!(await isWriting(db, head.id, writing))) return;
    await db.tasks.bulkPut([...changed]);
    await db.tasks.bulkDelete([...gone]);
    await db.heads.put({ ...head, texts: false });
  });

/**
 * What came after `since` and up to `seq`. Several tabs tail the same log: what another one has
 * written already is not written again, and nothing is written over a gap.
 */
export const writeFolded = (db: Database, head: Head, since: number, seq: number, folded: Folded) =>
  db.transaction("rw", db.heads, db.tasks, db.texts, async () => {
    const kept = await db.heads.get(head.id);
    if (kept === undefined || kept.seq === null || kept.seq < since || kept.seq >= seq) return;
    await db.tasks.bulkPut(folded.tasks);
    await db.tasks.bulkDelete(folded.gone);
    await db.texts.bulkDelete(folded.gone);
    for (const { entity, id, op, set, seq: version } of folded.changes) {
      if (entity !== "task" || op === "delete" || typeof set.description !== "string") continue;
      await db.texts.put({ id, workspace_id: head.id, version, description: set.description });
    }
    await db.heads.put({ ...head, seq, texts: kept.texts });
  });

/** Descriptions, unless newer ones have come by the log meanwhile. */
export const writeTexts = (db: Database, texts: readonly Text[]) =>
  db.transaction("rw", db.texts, async () => {
    const known = await db.texts.bulkGet(texts.map(({ id }) => id));
    await db.texts.bulkPut(texts.filter(({ version }, i) => (known[i]?.version ?? -1) <= version));
  });

export const dropWorkspace = (db: Database, id: string) =>
  db.transaction("rw", db.heads, db.tasks, db.texts, async () => {
    await db.heads.delete(id);
    await db.tasks.where("workspace_id").equals(id).delete();
    await db.texts.where("workspace_id").equals(id).delete();
  });
