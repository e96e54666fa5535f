/** What has been typed and not sent: an expired session, a reload or a crash loses none of it. */

import { nowMs } from "@/time/clock";
import { currentDatabase } from "./store";

/** What was typed under `key`; undefined where nothing was, or nothing can be read. */
export async function readDraft(key: string): Promise<string | undefined> {
  try {
    return (await currentDatabase()?.drafts.get(key))?.text;
  } catch {
    return undefined;
  }
}

/** False where it could not be kept, as on a full disk. */
export async function keepDraft(key: string, text: string): Promise<boolean> {
  const database = currentDatabase();
  if (database === null) return false;
  try {
    await database.drafts.put({ id: key, text, at: nowMs() });
    return true;
  } catch {
    return false;
  }
}

export async function dropDraft(key: string): Promise<void> {
  try {
    await currentDatabase()?.drafts.delete(key);
  } catch {
    // What cannot be written now was not written before either.
  }
}
