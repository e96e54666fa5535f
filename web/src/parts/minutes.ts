/** One timer for all that shows how far off something is. */

import { nowMs } from "@/time/clock";

const MINUTE_MS = 60_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

const tell = () => {
  for (const listener of [...listeners]) listener();
};

/** Call `listener` once a minute, and when the page is looked at again. */
export function onMinute(listener: () => void): () => void {
  if (listeners.size === 0) {
    timer = setInterval(tell, MINUTE_MS);
    document.addEventListener("visibilitychange", tell);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tell);
  };
}

/** The present one, counted. */
export const minuteNow = (): number => Math.floor(nowMs() / MINUTE_MS);
