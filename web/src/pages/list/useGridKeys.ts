/** Where the keyboard is in the grid, and what its keys do (ARIA's pattern of a grid). */

import { type KeyboardEvent, type RefObject, useCallback, useRef, useState } from "react";
import { isGroup, keyOf, type Row } from "./rows";
import type { CellName } from "./TaskRow";
import { useStable } from "./useStable";

export type Active = { key: string; cell: CellName };

export type GridActs = {
  open: (key: string) => void;
  editTitle: (key: string) => void;
  select: (key: string, extend: boolean) => void;
  selectAll: () => void;
  clear: () => boolean;
  remove: () => void;
  /** Move the task by so many rows. */
  shift: (key: string, rows: number) => void;
};

type Options = {
  rows: readonly Row[];
  cells: readonly CellName[];
  acts: GridActs;
  grid: RefObject<HTMLElement | null>;
  /** How many rows are in sight. */
  page: () => number;
  scrollTo: (index: number) => void;
};

const TITLE: CellName = "title";

export function useGridKeys({ rows, cells, acts, grid, page, scrollTo }: Options) {
  const [chosen, setActive] = useState<Active | null>(null);
  const wanted = useRef(false);
  const index = chosen === null ? -1 : rows.findIndex((row) => keyOf(row) === chosen.key);
  const lost = index === -1 || chosen === null;
  const first = rows[0];
  const active: Active | null = lost
    ? first === undefined
      ? null
      : { key: keyOf(first), cell: TITLE }
    : cells.includes(chosen.cell)
      ? chosen
      : { key: chosen.key, cell: TITLE };
  const at = lost ? 0 : index;

  // Called by the rows once they are drawn, before the effects of what is around them: so it is
  // told where the keyboard is instead of remembering.
  const focus = useCallback(
    (at: Active | null) => {
      if (!wanted.current || at === null) return;
      const row = grid.current?.querySelector(`[data-key="${CSS.escape(at.key)}"]`);
      const cell = row?.querySelector<HTMLElement>(`[data-cell="${at.cell}"], [data-editing]`);
      const target = cell ?? row?.querySelector<HTMLElement>("[data-cell]");
      if (!target) return;
      wanted.current = false;
      target.focus({ preventScroll: true });
    },
    [grid],
  );
  const go = useCallback((key: string, cell: CellName) => {
    wanted.current = true;
    setActive({ key, cell });
  }, []);
  const goTo = (to: number, cell = active?.cell ?? TITLE) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[next];
    if (row === undefined) return undefined;
    scrollTo(next);
    go(keyOf(row), cell);
    return row;
  };
  const goAcross = (cell = TITLE) => active && go(active.key, cell);
  const sideways = (by: number) => {
    if (active === null) return;
    const flip = getComputedStyle(grid.current ?? document.body).direction === "rtl" ? -by : by;
    const cell = cells[cells.indexOf(active.cell) + flip];
    if (cell !== undefined) go(active.key, cell);
  };
  const upDown = (event: KeyboardEvent, by: number) => {
    if (active === null) return;
    if (event.altKey && Math.abs(by) === 1) acts.shift(active.key, by);
    else {
      const row = goTo(at + by);
      if (event.shiftKey && row !== undefined && !isGroup(row)) acts.select(row.id, true);
    }
  };
  const handlers = new Map<string, (event: KeyboardEvent) => void>([
    ["ArrowDown", (event) => upDown(event, 1)],
    ["ArrowUp", (event) => upDown(event, -1)],
    ["PageDown", (event) => upDown(event, page())],
    ["PageUp", (event) => upDown(event, -page())],
    ["ArrowRight", () => sideways(1)],
    ["ArrowLeft", () => sideways(-1)],
    ["Home", (event) => (event.ctrlKey ? void goTo(0) : goAcross(cells[0]))],
    ["End", (event) => (event.ctrlKey ? void goTo(rows.length - 1) : goAcross(cells.at(-1)))],
    ["F2", () => active && acts.editTitle(active.key)],
    ["Delete", () => acts.remove()],
  ]);
  const onKeyDown = useStable((event: KeyboardEvent) => {
    const handler = handlers.get(event.key);
    if (handler !== undefined && !event.metaKey) {
      event.preventDefault();
      handler(event);
    } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      acts.selectAll();
    } else if (event.key === "Escape" && acts.clear()) event.preventDefault();
  });
  return { active, at, begun: !lost, go, goTo, focus, onKeyDown, setActive };
}
