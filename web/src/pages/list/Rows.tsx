import { type RefObject, useLayoutEffect, useRef } from "react";
import { drawn, useFixedRows } from "@/parts/useFixedRows";
import type { Task } from "@/replica/model";
import { rowgroup } from "./aria";
import type { Drop } from "./DragRows";
import { GroupHeader } from "./GroupHeader";
import classes from "./list.module.css";
import { isGroup, keyOf, type Row } from "./rows";
import { TaskRow } from "./TaskRow";
import type { Active } from "./useGridKeys";

type Props = {
  rows: readonly Row[];
  height: number;
  scroller: RefObject<HTMLElement | null>;
  /** Gets the function that brings a row into sight. */
  scrollTo: RefObject<(index: number) => void>;
  span: number;
  active: Active | null;
  titleOf: string | null;
  drop: Drop | null;
  selected: ReadonlySet<string>;
  pending: ReadonlySet<string>;
  nameOf: (group: string) => string;
  onTitle: (task: Task, title: string | null) => void;
  /** After every drawing: the row that the keyboard wants may just have come. */
  onDrawn: (active: Active | null) => void;
};

/**
 * The rows in sight, and the one where the keyboard is. All that scrolling draws anew is here: what
 * is around it stays.
 */
export function Rows(props: Props) {
  const { rows, height, scroller, scrollTo, active, titleOf, drop, onDrawn } = props;
  const body = useRef<HTMLDivElement>(null);
  const { start, end, ...fixed } = useFixedRows({
    count: rows.length,
    height,
    beyond: 8,
    scroller,
    body,
  });
  const pinned = usePinned(rows, [active?.key, titleOf, drop?.id]);
  useLayoutEffect(() => {
    scrollTo.current = fixed.scrollTo;
  });
  useLayoutEffect(() => onDrawn(active));
  return (
    <div
      ref={body}
      {...rowgroup}
      className={classes.body}
      style={{ blockSize: rows.length * height }}
    >
      {drawn(start, end, pinned).map((index) => {
        const row = rows[index];
        if (row === undefined) return null;
        const key = keyOf(row);
        const cell = active?.key === key ? active.cell : null;
        return isGroup(row) ? (
          <GroupHeader
            key={key}
            row={row}
            name={props.nameOf(row.group)}
            index={index}
            start={index * height}
            span={props.span}
            active={cell !== null}
          />
        ) : (
          <TaskRow
            key={key}
            task={row}
            index={index}
            start={index * height}
            selected={props.selected.has(row.id)}
            active={cell}
            editing={titleOf === row.id}
            waiting={props.pending.has(row.id)}
            onTitle={props.onTitle}
          />
        );
      })}
      {drop !== null && (
        <div
          className={classes.drop}
          style={{ transform: `translateY(${drop.index * height}px)` }}
        />
      )}
    </div>
  );
}

/** Where these rows are now. */
function usePinned(rows: readonly Row[], keys: readonly (string | null | undefined)[]): number[] {
  const known = useRef(new Map<string, number>());
  return keys.flatMap((key) => {
    if (!key) return [];
    // Mostly it is where it was.
    let index = known.current.get(key) ?? -1;
    const row = rows[index];
    if (row === undefined || keyOf(row) !== key)
      index = rows.findIndex((one) => keyOf(one) === key);
    known.current = new Map([...known.current].slice(-3)).set(key, index);
    return index === -1 ? [] : index;
  });
}
