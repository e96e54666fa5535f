/** What can be dragged, before there is the code that drags it. */

import { type SyntheticEvent, useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

/** A hand on something: the event that put it there, and on what. */
export type Grip = { id: string; node: HTMLElement; event: SyntheticEvent };

export type Gripping = {
  /** Whether the code that drags is asked for. */
  wanted: boolean;
  /** Tell of a hand, on something or about to be. */
  take: (grip: Grip) => void;
  /** For the code that drags, once it is there: what takes hold. */
  onReady: (hold: (grip: Grip) => void) => void;
};

// For fingers, which do not hover before they press.
const IDLE_MS = 1_500;
const PREPARING: ReadonlySet<string> = new Set(["mouseover", "pointerenter", "focus"]);
const RELEASES = ["pointerup", "pointercancel", "touchend", "touchcancel", "keyup"] as const;

/** The code that drags comes when the page is there, or with the first hand, which does not wait. */
export function useGrip(): Gripping {
  const [wanted, setWanted] = useState(false);
  const holding = useRef<(grip: Grip) => void>(undefined);
  const waiting = useRef<Grip>(undefined);
  const moved = useRef<MouseEvent>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => setWanted(true), IDLE_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    const release = () => {
      waiting.current = undefined;
      moved.current = undefined;
    };
    const move = (event: MouseEvent) => {
      if (waiting.current !== undefined) moved.current = event;
    };
    for (const name of RELEASES) addEventListener(name, release);
    addEventListener("mousemove", move);
    return () => {
      for (const name of RELEASES) removeEventListener(name, release);
      removeEventListener("mousemove", move);
    };
  }, []);
  const take = useCallback((grip: Grip) => {
    if (PREPARING.has(grip.event.type)) return setWanted(true);
    if (holding.current !== undefined) return holding.current(grip);
    waiting.current = grip;
    setWanted(true);
  }, []);
  const onReady = useCallback((hold: (grip: Grip) => void) => {
    holding.current = hold;
    queueMicrotask(() => {
      if (waiting.current === undefined) return;
      hold(waiting.current);
      // Where the hand has gone meanwhile: the first step takes hold, the next one goes there.
      const to = moved.current;
      for (let step = 0; step < 2 && to !== undefined; step += 1) {
        flushSync(() => document.dispatchEvent(copied(to)));
      }
      waiting.current = undefined;
    });
  }, []);
  return { wanted, take, onReady };
}

const copied = ({ clientX, clientY, buttons }: MouseEvent): MouseEvent =>
  new MouseEvent("mousemove", { clientX, clientY, buttons, bubbles: true, cancelable: true });
