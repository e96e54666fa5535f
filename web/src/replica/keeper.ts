/** The database of this browser, which may fail: then the application goes on without it. */

import type { Database } from "./db";

export type Storage = "ok" | "full" | "none";

export class Keeper {
  private queue: Promise<unknown> = Promise.resolve();
  private state: Storage;

  constructor(
    readonly db: Database | null,
    private readonly changed: () => void,
  ) {
    this.state = db === null ? "none" : "ok";
  }

  get storage(): Storage {
    return this.state;
  }

  get usable(): boolean {
    return this.state === "ok";
  }

  /** What `query` finds; undefined also where the database cannot be read. */
  async read<T>(query: (db: Database) => PromiseLike<T>): Promise<T | undefined> {
    if (this.db === null) return undefined;
    try {
      return await query(this.db);
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** Do `work` after all that was asked for before. False when it could not be kept. */
  write(work: (db: Database) => PromiseLike<unknown>): Promise<boolean> {
    const { db } = this;
    if (db === null) return Promise.resolve(false);
    const done = this.queue
      .then(() => work(db))
      .then(
        () => this.settle("ok"),
        (error: unknown) => this.fail(error),
      );
    this.queue = done;
    return done;
  }

  /** When all that was asked for so far has been tried. */
  async idle(): Promise<void> {
    await this.queue;
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
