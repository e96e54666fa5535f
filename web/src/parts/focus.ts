/** Where the focus goes when what had it is gone. */

import { type RefObject, useEffect, useRef, useState } from "react";

const isLost = (): boolean =>
  document.activeElement === document.body || document.activeElement === null;

/** What had the focus before the component was drawn gets it back, where it is still there. */
export function useFocusReturned(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(() => {
    const id = before?.id;
    return () => {
      // A virtualised row may have been drawn anew.
      const back = before?.isConnected ? before : document.getElementById(id || "-");
      const target = back instanceof HTMLElement && back !== document.body ? back : null;
      requestAnimationFrame(() => {
        if (isLost()) (target ?? document.getElementById("page"))?.focus({ preventScroll: true });
      });
    };
  }, [before]);
}

/** For the button that gives way to what it opens: when it is back, so is the focus. */
export function useOpener(opened: boolean): RefObject<HTMLButtonElement | null> {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef(opened);
  useEffect(() => {
    if (before.current && !opened && isLost()) button.current?.focus({ preventScroll: true });
    before.current = opened;
  }, [opened]);
  return button;
}
