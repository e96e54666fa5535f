/** Waiting for a quiet moment: what is asked for again and again is asked for once. */

const QUIET_MS = 1_500;
const LONGEST_MS = 10_000;

export class Calm {
  private readonly since = new Map<string, number>();

  /**
   * Resolves when nobody has asked to wait for `key` for a while, or the first who did has waited
   * long enough. Whoever is called off rejects as `fetch` does; who asked next waits in its place.
   */
  async wait(key: string, signal: AbortSignal): Promise<void> {
    const first = this.since.get(key) ?? Date.now();
    this.since.set(key, first);
    const left = Math.max(0, Math.min(QUIET_MS, first + LONGEST_MS - Date.now()));
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        reject(new DOMException("Called off.", "AbortError"));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", end);
        resolve();
      }, left);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
    this.since.delete(key);
  }
}
