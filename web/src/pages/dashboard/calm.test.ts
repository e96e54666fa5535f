import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Calm } from "./calm";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Ask each 500 ms, calling off who asked before, as a query does that is made stale again. */
async function asking(calm: Calm, ms: number): Promise<number[]> {
  const answered: number[] = [];
  const begin = Date.now();
  let before: AbortController | undefined;
  for (let at = 0; at < ms; at += 500) {
    before?.abort();
    before = new AbortController();
    calm.wait("w", before.signal).then(
      () => answered.push(Date.now() - begin),
      () => undefined,
    );
    await vi.advanceTimersByTimeAsync(500);
  }
  return answered;
}

it("answers once after the last of many", async () => {
  const answered = await asking(new Calm(), 3_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(answered).toEqual([2_500 + 1_500]);
});

it("does not wait for ever where it never gets quiet", async () => {
  const answered = await asking(new Calm(), 25_000);
  expect(answered.length).toBeGreaterThanOrEqual(2);
  expect(answered[0]).toBeLessThanOrEqual(10_000);
});

it("is called off", async () => {
  const calm = new Calm();
  await expect(calm.wait("w", AbortSignal.abort())).rejects.toThrow("Called off");
});
