import { useCallback, useMemo, useRef, useState } from "react";
import type { Task } from "@/replica/model";
import { between, type Row } from "./rows";

const NOTHING: ReadonlySet<string> = new Set();

/** Which tasks of the list are selected; those that the filter leaves out are not. */
export function useSelection(tasks: readonly Task[], rows: readonly Row[]) {
  const [ids, setIds] = useState(NOTHING);
  const anchor = useRef<string | null>(null);
  const now = useRef({ tasks, rows });
  now.current = { tasks, rows };
  const chosen = useMemo(
    () => (ids.size === 0 ? [] : tasks.filter((task) => ids.has(task.id))),
    [ids, tasks],
  );
  const toggle = useCallback((id: string) => {
    anchor.current = id;
    setIds((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const extend = useCallback((id: string, from?: string) => {
    anchor.current ??= from ?? id;
    const more = between(now.current.rows, anchor.current, id);
    setIds((before) => new Set([...before, ...more]));
  }, []);
  const all = useCallback(() => setIds(new Set(now.current.tasks.map(({ id }) => id))), []);
  const clear = useCallback(() => {
    anchor.current = null;
    setIds(NOTHING);
  }, []);
  return useMemo(
    () => ({ ids, chosen, toggle, extend, all, clear }),
    [ids, chosen, toggle, extend, all, clear],
  );
}

export type Selection = ReturnType<typeof useSelection>;
