import { type MouseEvent, Suspense, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import type { Sort } from "@/parts/filters";
import type { Task } from "@/replica/model";
import { grid } from "./aria";
import { READ_ONLY } from "./cells";
import { useList } from "./context";
import { DragRows, type Drop } from "./DragRows";
import type { Editing } from "./FieldEditor";
import { HeaderRow } from "./HeaderRow";
import classes from "./list.module.css";
import { Rows } from "./Rows";
import { isGroup, keyOf, type Row } from "./rows";
import type { CellName } from "./TaskRow";
import { type GridActs, useGridKeys } from "./useGridKeys";
import { useGridShortcuts } from "./useGridShortcuts";
import type { Selection } from "./useSelection";
import { useStable } from "./useStable";

const FieldEditor = arriving(() =>
  import("./FieldEditor").then(({ FieldEditor }) => ({ default: FieldEditor })),
);

const HEIGHT = 40;
const NARROW_HEIGHT = 64;

type Props = {
  rows: readonly Row[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  selection: Selection;
  pending: ReadonlySet<string>;
  nameOf: (group: string) => string;
  onToggleGroup: (group: string) => void;
  onOpen: (task: Task) => void;
  onTitle: (task: Task, title: string) => void;
  onRemove: () => void;
  onMove: (task: Task, to: number) => void;
};

/** The tasks as a grid: what keys, clicks and drags do there. */
export function Grid(props: Props) {
  const { rows, selection, pending, nameOf, onToggleGroup } = props;
  const { t } = useTranslation("list");
  const { columns, editable, movable, narrow } = useList();
  const scroller = useRef<HTMLDivElement>(null);
  const [titleOf, setTitleOf] = useState<string | null>(null);
  const [field, setField] = useState<Editing | null>(null);
  const edited = useRef(false);
  edited.current ||= field !== null;
  const [drop, setDrop] = useState<Drop | null>(null);
  const height = narrow ? NARROW_HEIGHT : HEIGHT;
  const cells = useMemo<CellName[]>(
    () => [
      ...(movable ? (["move"] as const) : []),
      ...(editable ? (["select"] as const) : []),
      "number",
      "title",
      ...columns,
    ],
    [movable, editable, columns],
  );

  const scrollTo = useRef<(index: number) => void>(() => undefined);

  const acts: GridActs = {
    open: (key) => {
      const row = rows.find((one) => keyOf(one) === key);
      if (row !== undefined && !isGroup(row)) props.onOpen(row);
    },
    editTitle: (key) => editable && setTitleOf(key),
    select: (key, extend) => {
      if (!editable) return;
      if (extend) selection.extend(key, keys.active?.key);
      else selection.toggle(key);
    },
    selectAll: () => editable && selection.all(),
    clear: () => {
      if (selection.ids.size > 0) selection.clear();
      return selection.ids.size > 0;
    },
    remove: () => editable && props.onRemove(),
    shift: (key, by) => {
      const from = rows.findIndex((one) => keyOf(one) === key);
      const row = rows[from];
      if (!movable || row === undefined || isGroup(row)) return;
      props.onMove(row, by > 0 ? from + 1 + by : from + by);
      keys.go(key, keys.active?.cell ?? "title");
    },
  };
  const keys = useGridKeys({
    rows,
    cells,
    acts,
    grid: scroller,
    page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / height) - 2),
    scrollTo: (index) => scrollTo.current(index),
  });
  useGridShortcuts({ keys, acts, rows, editable });

  const onTitle = useStable((task: Task, title: string | null) => {
    setTitleOf(null);
    if (title !== null) props.onTitle(task, title);
    keys.go(task.id, "title");
  });

  const onClick = useStable((event: MouseEvent<HTMLElement>) => {
    const target = event.target as HTMLElement;
    const key = target.closest<HTMLElement>("[data-key]")?.dataset.key;
    const cell = target.closest<HTMLElement>("[data-cell]");
    const name = cell?.dataset.cell as CellName | undefined;
    const row = rows.find((one) => keyOf(one) === key);
    if (key === undefined || row === undefined || target.dataset.editing !== undefined) return;
    if (isGroup(row)) return onToggleGroup(row.group);
    if (event.shiftKey || name === "select") {
      if (name !== "select") event.preventDefault();
      keys.setActive({ key, cell: name ?? "title" });
      return acts.select(key, event.shiftKey);
    }
    if (name === "title") {
      // With Ctrl or Cmd the browser opens the task's own page in another tab.
      if (event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      props.onOpen(row);
    } else if (cell && name && cell.tagName === "BUTTON" && name !== "move") {
      if (!READ_ONLY.has(name as never)) setField({ task: row, column: name as never, cell });
    }
    keys.setActive({ key, cell: name ?? "title" });
  });

  return (
    <DragRows
      rows={rows}
      height={height}
      scroller={scroller}
      headerHeight={narrow ? 0 : HEIGHT}
      drop={drop}
      onDrop={setDrop}
      onMove={(task, to) => {
        props.onMove(task, to);
        keys.go(task.id, "move");
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a table's rows cannot be put anywhere */}
      <div
        ref={scroller}
        role="grid"
        {...grid(t("title"), rows.length + 1, cells.length, editable)}
        className={classes.scroller}
        data-narrow={narrow || undefined}
        onClick={onClick}
        onDoubleClick={(event) => {
          const key = (event.target as HTMLElement).closest<HTMLElement>("[data-key]")?.dataset.key;
          if (key !== undefined && !key.startsWith("group:")) acts.editTitle(key);
        }}
        onKeyDown={(event) => {
          if (drop === null) keys.onKeyDown(event);
        }}
        onFocus={(event) => {
          const target = event.target as HTMLElement;
          const key = target.closest<HTMLElement>("[data-key]")?.dataset.key;
          const cell = target.dataset.cell as CellName | undefined;
          if (key && cell) keys.setActive({ key, cell });
        }}
      >
        <HeaderRow cells={cells} sort={props.sort} onSort={props.onSort} selection={selection} />
        <Rows
          rows={rows}
          height={height}
          scroller={scroller}
          scrollTo={scrollTo}
          span={cells.length}
          active={keys.active}
          titleOf={titleOf}
          drop={drop}
          selected={selection.ids}
          pending={pending}
          nameOf={nameOf}
          onTitle={onTitle}
          onDrawn={keys.focus}
        />
      </div>
      {edited.current && (
        <Suspense fallback={null}>
          <FieldEditor
            editing={field}
            onClose={() => {
              setField(null);
              if (field !== null) keys.go(field.task.id, field.column);
            }}
          />
        </Suspense>
      )}
    </DragRows>
  );
}
