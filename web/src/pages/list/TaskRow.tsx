import { memo, useEffect, useRef, useState } from "react";
import { tell } from "@/notices";
import type { Column } from "@/parts/filters";
import type { Task } from "@/replica/model";
import { tooMany } from "@/replica/titles";
import { gridcell, gridrow } from "./aria";
import { CellValue, READ_ONLY } from "./cells";
import { useList } from "./context";
import { Handle } from "./Handle";
import classes from "./list.module.css";

export type CellName = "move" | "select" | "number" | "title" | Column;

type Props = {
  task: Task;
  index: number;
  start: number;
  selected: boolean;
  /** The cell that Tab leads to, if it is in this row. */
  active: CellName | null;
  editing: boolean;
  waiting: boolean;
  /** The new title, or null when it stays. */
  onTitle: (task: Task, title: string | null) => void;
};

/**
 * One task. What happens in it is heard by the grid, by `data-cell`: rows come and go while one
 * scrolls, and nothing dear may be made for each.
 */
export const TaskRow = memo(function TaskRow(props: Props) {
  const { task, index, start, selected, active, editing, waiting, onTitle } = props;
  const { t, columns, editable, movable, address } = useList();
  const tab = (cell: CellName) => (active === cell ? 0 : -1);
  const first = movable ? 2 : 1;
  return (
    <div
      {...gridrow(index + 2, selected)}
      className={classes.row}
      data-key={task.id}
      data-status={task.status}
      data-waiting={waiting || undefined}
      style={{ transform: `translateY(${start}px)` }}
    >
      {movable && (
        <div {...gridcell(1)} className={classes.handleCell}>
          <Handle task={task} tabIndex={tab("move")} />
        </div>
      )}
      {editable && (
        <div {...gridcell(first)} className={classes.selectCell}>
          <input
            type="checkbox"
            className={classes.check}
            data-cell="select"
            tabIndex={tab("select")}
            checked={selected}
            readOnly
            aria-label={t("row.select", { title: task.title })}
          />
        </div>
      )}
      <div {...gridcell(first + 1)} className={classes.number}>
        <span data-cell="number" tabIndex={tab("number")}>
          {task.number || "…"}
        </span>
      </div>
      <div {...gridcell(first + 2)} className={classes.titleCell}>
        {editing ? (
          <TitleInput task={task} onDone={onTitle} />
        ) : (
          <a
            className={classes.title}
            data-cell="title"
            tabIndex={tab("title")}
            href={`${address}/${task.number}`}
            draggable={false}
            dir="auto"
            title={task.title}
          >
            {task.title}
          </a>
        )}
      </div>
      {columns.map((column, i) => (
        <div
          key={column}
          {...gridcell(first + 3 + i)}
          className={classes.cell}
          data-column={column}
        >
          <Cell task={task} column={column} tabIndex={tab(column)} />
        </div>
      ))}
    </div>
  );
});

type CellProps = { task: Task; column: Column; tabIndex: number };

const Cell = memo(function Cell({ task, column, tabIndex }: CellProps) {
  const { t, editable } = useList();
  const value = <CellValue task={task} column={column} />;
  if (!editable || READ_ONLY.has(column)) {
    return (
      <span className={classes.still} data-cell={column} tabIndex={tabIndex}>
        {value}
      </span>
    );
  }
  const name = t(`column.${column}`);
  return (
    <button
      type="button"
      className={classes.field}
      data-cell={column}
      tabIndex={tabIndex}
      aria-haspopup="menu"
    >
      <span className={classes.hidden}>{`${name}: `}</span>
      {value}
    </button>
  );
});

type TitleProps = { task: Task; onDone: (task: Task, title: string | null) => void };

function TitleInput({ task, onDone }: TitleProps) {
  const { t } = useList();
  const [title, setTitle] = useState(task.title);
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => input.current?.select(), []);
  const finish = (keep: boolean) => {
    if (done.current) return;
    const next = title.trim();
    const over = tooMany(next);
    if (keep && over > 0) {
      void tell({ text: t("row.tooLong", { count: over }), tone: "bad" });
      return;
    }
    done.current = true;
    onDone(task, keep && next !== "" && next !== task.title ? next : null);
  };
  return (
    <input
      ref={input}
      className={classes.titleInput}
      data-editing
      dir="auto"
      value={title}
      aria-label={t("row.title")}
      onChange={(event) => setTitle(event.currentTarget.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") finish(true);
        if (event.key === "Escape") finish(false);
      }}
    />
  );
}
