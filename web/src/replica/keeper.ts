/** The database of this browser, which may fail: then the application goes on without it. */

import type { Database } from "./db";
import type { Entry } from "./model";

export type Storage = "ok" | "full" | "none";

export class Keeper {
  private queue: Promise<unknown> = Promise.resolve();
  private state: Storage;

  /** `opening` is null where this browser has no databases. */
  constructor(
    private readonly opening: Promise<Database> | null,
    private readonly changed: () => void,
  ) {
    this.state = opening === null ? "none" : "ok";
    opening?.catch((error: unknown) => this.fail(error));
  }

  get storage(): Storage {
    return this.state;
  }

  get usable(): boolean {
    return this.state === "ok";
  }

  /** What `query` finds; undefined also where the database cannot be read. */
  async read<T>(query: (db: Database) => PromiseLike<T>): Promise<T | undefined> {
    if (this.opening === null) return undefined;
    try {
      return await query(await this.opening);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Do `work` after all that was asked for before. False when it could not be kept. */
  write(work: (db: Database) => PromiseLike<unknown>): Promise<boolean> {
    const { opening } = this;
    if (opening === null) return Promise.resolve(false);
    const done = this.queue
      .then(() => opening)
      .then(work)
      .then(
        () => this.settle("ok"),
        (error: unknown) => this.fail(error),
      );
    this.queue = done;
    return done;
  }

  /** Call `tell` with what waits to be sent, now and whenever any tab changes that. */
  watchOutbox(tell: (entries: Entry[]) => void): () => void {
    let stopped = false;
    let stop = () => {
      stopped = true;
    };
    this.opening?.then(
      (db) => {
        if (!stopped) stop = db.watchOutbox(tell);
      },
      () => null,
    );
    return () => stop();
  }

  /** Close the database when all that was asked for so far has been tried. */
  async close(): Promise<void> {
    await this.queue;
    (await this.opening?.catch(() => null))?.close();
  }

  private fail(error: unknown): false {
    const { name, inner } = error as { name?: string; inner?: { name?: string } };
    this.settle(`${name} ${inner?.name}`.includes("Quota") ? "full" : "none");
    return false;
  }

  private settle(next: Storage): true {
    if (next !== this.state) {
      this.state = next;
      this.changed();
    }
    return true;
  }
}
