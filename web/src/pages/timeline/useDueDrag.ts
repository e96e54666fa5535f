/** Pulling at the end of a bar, with the pointer or with keys, until it is let go. */

import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { useTimeline } from "./context";

// Keys are pressed several times for one change.
const KEYS_REST_MS = 900;

/** `days`: how far it has been pulled; `commit` is told once, when that is decided. */
export function useDueDrag(commit: (days: number) => void) {
  const { px, rtl } = useTimeline();
  const [days, setDays] = useState(0);
  const now = useRef(0);
  const from = useRef<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(commit);
  latest.current = commit;
  useEffect(() => () => clearTimeout(timer.current), []);

  const set = (next: number) => {
    now.current = next;
    setDays(next);
  };
  const finish = (keep: boolean) => {
    clearTimeout(timer.current);
    from.current = null;
    const pulled = now.current;
    set(0);
    if (keep && pulled !== 0) latest.current(pulled);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 7 : 1;
    const forward = { ArrowRight: !rtl, ArrowLeft: rtl, ArrowUp: true, ArrowDown: false }[
      event.key
    ];
    if (forward !== undefined) {
      event.preventDefault();
      set(now.current + (forward ? step : -step));
      clearTimeout(timer.current);
      timer.current = setTimeout(() => finish(true), KEYS_REST_MS);
    } else if (now.current !== 0 && (event.key === "Enter" || event.key === "Escape")) {
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === "Enter");
    }
  };
  const handlers = {
    onKeyDown,
    onBlur: () => finish(true),
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      from.current = event.clientX;
    },
    onPointerMove: (event: PointerEvent) => {
      if (from.current === null) return;
      const moved = Math.round((event.clientX - from.current) / px);
      const next = moved === 0 ? 0 : rtl ? -moved : moved;
      if (next !== now.current) set(next);
    },
    onPointerUp: () => from.current !== null && finish(true),
    onPointerCancel: () => finish(false),
  };
  return { days, handlers };
}
