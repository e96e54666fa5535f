/** Which columns are collapsed: kept in this browser, for each workspace and grouping. */

import { useCallback, useState } from "react";
import type { By } from "./columns";

const nameOf = (workspaceId: string, by: By) => `tidework.board.${workspaceId}.${by}`;

function read(name: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(name) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((key) => typeof key === "string") : []);
  } catch {
    return new Set();
  }
}

function keep(name: string, closed: ReadonlySet<string>): void {
  try {
    if (closed.size === 0) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify([...closed]));
  } catch {
    // A full storage forgets this, and nothing else.
  }
}

export function useClosed(
  workspaceId: string,
  by: By,
): [ReadonlySet<string>, (key: string) => void] {
  const name = nameOf(workspaceId, by);
  const [state, setState] = useState({ name, closed: read(name) });
  const closed = state.name === name ? state.closed : read(name);
  if (state.name !== name) setState({ name, closed });
  const toggle = useCallback(
    (key: string) => {
      const next = new Set(read(name));
      if (!next.delete(key)) next.add(key);
      keep(name, next);
      setState({ name, closed: next });
    },
    [name],
  );
  return [closed, toggle];
}
