import { useCallback, useEffect, useRef, useState } from "react";
import { dropDraft, keepDraft, readDraft } from "@/replica/drafts";

const QUIET_MS = 250;

/** Where drafts are kept. */
export type Drafts = {
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string): Promise<unknown>;
  remove(key: string): Promise<unknown>;
};

export const keptDrafts: Drafts = { get: readDraft, set: keepDraft, remove: dropDraft };

type Waiting = { key: string; text: string; timer: ReturnType<typeof setTimeout> };

export type Draft = {
  text: string;
  /** Whether the text is one that was left behind earlier. */
  restored: boolean;
  change: (text: string) => void;
  /** Forget what was typed: it has been sent, or is not wanted. */
  drop: () => void;
};

/**
 * A text that is typed, kept under `key` a moment after each change and when the page is left.
 * What was kept before takes the place of `initial` unless somebody has typed already.
 */
export function useDraft(key: string | undefined, initial: string, drafts = keptDrafts): Draft {
  const [text, setText] = useState(initial);
  const [restored, setRestored] = useState(false);
  const touched = useRef(false);
  const waiting = useRef<Waiting | null>(null);

  const flush = useCallback(() => {
    const last = waiting.current;
    if (last === null) return;
    clearTimeout(last.timer);
    waiting.current = null;
    void drafts.set(last.key, last.text);
  }, [drafts]);

  const change = useCallback(
    (next: string) => {
      touched.current = true;
      setText(next);
      if (key === undefined) return;
      if (waiting.current) clearTimeout(waiting.current.timer);
      waiting.current = { key, text: next, timer: setTimeout(flush, QUIET_MS) };
    },
    [key, flush],
  );

  const drop = useCallback(() => {
    touched.current = false;
    setRestored(false);
    setText(initial);
    if (waiting.current) clearTimeout(waiting.current.timer);
    waiting.current = null;
    if (key !== undefined) void drafts.remove(key);
  }, [key, initial, drafts]);

  // A text that has changed elsewhere is taken over as long as nobody has typed here.
  useEffect(() => {
    if (!touched.current) setText(initial);
  }, [initial]);

  useEffect(() => {
    if (key === undefined) return;
    let here = true;
    void drafts.get(key).then((kept) => {
      if (!here || touched.current || kept === undefined) return;
      touched.current = true;
      setText(kept);
      setRestored(true);
    });
    return () => {
      here = false;
      flush();
      touched.current = false;
    };
  }, [key, drafts, flush]);

  useEffect(() => {
    const hidden = () => document.visibilityState === "hidden" && flush();
    document.addEventListener("visibilitychange", hidden);
    window.addEventListener("pagehide", flush);
    return () => {
      document.removeEventListener("visibilitychange", hidden);
      window.removeEventListener("pagehide", flush);
    };
  }, [flush]);

  return { text, restored, change, drop };
}
