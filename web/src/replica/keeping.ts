/** A workspace in the database: read whole, written commit by commit. */

import type { Database, Gone, Head, Text } from "./db";
import type { Task } from "./model";
import type { Folded } from "./workspace";

/** The workspace as it was kept; undefined when it never came whole. */
export async function readWorkspace(db: Database, id: string) {
  const [head, parts, rows] = await db.transaction("r", db.heads, db.parts, db.tasks, () =>
    Promise.all([
      db.heads.get(id),
      db.parts.where("workspace_id").equals(id).toArray(),
      db.tasks.where("workspace_id").equals(id).toArray(),
    ]),
  );
  if (head === undefined || head.seq === null) return undefined;
  const tasks = new Map<string, Task>();
  for (const part of parts) {
    for (const task of JSON.parse(part.tasks) as Task[]) tasks.set(task.id, task);
  }
  for (const row of rows) {
    if ("gone" in row) tasks.delete(row.id);
    else tasks.set(row.id, row);
  }
  return { head, tasks: [...tasks.values()] };
}

const erase = (db: Database, id: string) =>
  Promise.all(
    [db.parts, db.tasks, db.textParts, db.texts].map((table) =>
      table.where("workspace_id").equals(id).delete(),
    ),
  );

const whole = (db: Database) => [db.heads, db.parts, db.tasks, db.textParts, db.texts];

/** Begin to keep the workspace, under the name `writing`: it is not kept until `writeEnd`. */
export const writeBegin = (db: Database, head: Head, writing: string) =>
  db.transaction("rw", whole(db), async () => {
    await erase(db, head.id);
    await db.heads.put({ ...head, seq: null, writing });
  });

// Another tab that began later, or the end of the membership, ends what was begun before.
const isWriting = async (db: Database, id: string, writing: string): Promise<boolean> =>
  (await db.heads.get(id))?.writing === writing;

export const writePart = (db: Database, id: string, writing: string, tasks: readonly Task[]) =>
  db.transaction("rw", db.heads, db.parts, async () => {
    if (!(await isWriting(db, id, writing))) return;
    await db.parts.add({ workspace_id: id, tasks: JSON.stringify(tasks) });
  });

async function writeRows(db: Database, head: Head, tasks: readonly Task[], ids: readonly string[]) {
  const gone = ids.map((id): Gone => ({ id, workspace_id: head.id, gone: true }));
  await db.tasks.bulkPut([...tasks, ...gone]);
}

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
    await writeRows(db, head, changed, gone);
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
    await writeRows(db, head, folded.tasks, folded.gone);
    await db.texts.bulkDelete(folded.gone);
    for (const { entity, id, op, set, seq: version } of folded.changes) {
      if (entity !== "task" || op === "delete" || typeof set.description !== "string") continue;
      await db.texts.put({ id, workspace_id: head.id, version, description: set.description });
    }
    await db.heads.put({ ...head, seq, texts: kept.texts });
  });

/** Descriptions as the server has told them. */
export const writeTexts = (
  db: Database,
  id: string,
  texts: readonly Omit<Text, "workspace_id">[],
) =>
  db.textParts.add({
    workspace_id: id,
    ids: texts.map((text) => text.id),
    texts: JSON.stringify(texts),
  });

type Words = Omit<Text, "workspace_id">;

const newer = (one: Words | undefined, other: Words): Words =>
  one === undefined || one.version <= other.version ? other : one;

/** The description of a task; of several the newest: the log brings some ahead of the others. */
export async function readText(db: Database, id: string): Promise<Words | undefined> {
  const [row, parts] = await Promise.all([
    db.texts.get(id),
    db.textParts.where("ids").equals(id).toArray(),
  ]);
  const found = parts.flatMap(({ texts }) =>
    (JSON.parse(texts) as Words[]).filter((text) => text.id === id),
  );
  return found.reduce<Words | undefined>(newer, row);
}

/** All descriptions of a workspace that are here, by their tasks. */
export async function readTexts(db: Database, id: string): Promise<ReadonlyMap<string, Words>> {
  const found = new Map<string, Words>();
  const take = (text: Words) => found.set(text.id, newer(found.get(text.id), text));
  await db.textParts
    .where("workspace_id")
    .equals(id)
    .each(({ texts }) => (JSON.parse(texts) as Words[]).forEach(take));
  await db.texts.where("workspace_id").equals(id).each(take);
  return found;
}

export const dropWorkspace = (db: Database, id: string) =>
  db.transaction("rw", whole(db), async () => {
    await db.heads.delete(id);
    await erase(db, id);
  });
