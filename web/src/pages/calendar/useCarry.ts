/** A task on its way to another day, by pointer or by keyboard. */

import { useCallback, useRef, useState } from "react";
import type { Target } from "./moves";

export type Carry = {
  taskId: string;
  title: string;
  by: "pointer" | "keyboard";
  /** Where it lands when it is let go; null: where it was. */
  target: Target | null;
};

export type Carrying = {
  carry: Carry | null;
  start: (carry: Carry) => void;
  /** Whether that is another place than before. */
  to: (target: Target | null) => boolean;
  /** Nothing is carried any more; answers what was. */
  end: () => Carry | null;
};

export function useCarry(): Carrying {
  const [carry, setCarry] = useState<Carry | null>(null);
  // Events come faster than renders; what they build on is here.
  const now = useRef<Carry | null>(null);
  const set = useCallback((next: Carry | null) => {
    now.current = next;
    setCarry(next);
  }, []);
  const to = useCallback(
    (target: Target | null) => {
      if (now.current === null || now.current.target === target) return false;
      set({ ...now.current, target });
      return true;
    },
    [set],
  );
  const end = useCallback(() => {
    const ended = now.current;
    if (ended !== null) set(null);
    return ended;
  }, [set]);
  return { carry, start: set, to, end };
}
