/** What has been typed and not sent: an expired session, a reload or a crash loses none of it. */

import { nowMs } from "@/time/clock";
import { currentKeeper } from "./store";

/** What was typed under `key`; undefined where nothing was, or nothing can be read. */
export async function readDraft(key: string): Promise<string | undefined> {
  return (await currentKeeper()?.read((db) => db.drafts.get(key)))?.text;
}

/** False where it could not be kept, as on a full disk. */
export async function keepDraft(key: string, text: string): Promise<boolean> {
  const row = { id: key, text, at: nowMs() };
  return (await currentKeeper()?.write((db) => db.drafts.put(row))) ?? false;
}

export async function dropDraft(key: string): Promise<void> {
  await currentKeeper()?.write((db) => db.drafts.delete(key));
}
