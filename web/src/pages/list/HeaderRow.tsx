import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import type { Column, Sort } from "@/parts/filters";
import { columnheader, gridrow, rowgroup } from "./aria";
import classes from "./list.module.css";
import type { CellName } from "./TaskRow";
import type { Selection } from "./useSelection";

type Field = Sort extends infer S ? (S extends `-${string}` ? never : S) : never;

const SORTED_BY: Partial<Record<CellName, Field>> = {
  number: "number",
  title: "title",
  status: "status",
  priority: "priority",
  due: "due_at",
  created: "created_at",
  updated: "updated_at",
};
// What one wants to see first of these is the highest.
const DOWN_FIRST: ReadonlySet<Field> = new Set(["priority", "created_at", "updated_at"]);

/** One way, then the other, then the order that tasks are dragged into. */
export function nextSort(sort: Sort, field: Field): Sort {
  const [up, down]: [Sort, Sort] = [field, `-${field}`];
  const [first, second] = DOWN_FIRST.has(field) ? [down, up] : [up, down];
  if (sort === first) return second;
  return sort === second ? "position" : first;
}

type Props = {
  cells: readonly CellName[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  selection: Selection;
};

/** The names of the columns, which sort by them. */
export function HeaderRow({ cells, sort, onSort, selection }: Props) {
  const { t } = useTranslation("list");
  const some = selection.chosen.length > 0;
  return (
    <div {...rowgroup} className={classes.head}>
      <div {...gridrow(1)} className={classes.headRow}>
        {cells.map((cell, i) => {
          if (cell === "move") {
            return (
              <div key={cell} {...columnheader(i + 1)}>
                <span className={classes.hidden}>{t("column.move")}</span>
              </div>
            );
          }
          if (cell === "select") {
            return (
              <div key={cell} {...columnheader(i + 1)}>
                <input
                  type="checkbox"
                  className={classes.check}
                  checked={some}
                  aria-label={t(some ? "selectNone" : "selectAll")}
                  onChange={() => (some ? selection.clear() : selection.all())}
                />
              </div>
            );
          }
          return <Heading key={cell} index={i} name={cell} sort={sort} onSort={onSort} />;
        })}
      </div>
    </div>
  );
}

type HeadingProps = {
  index: number;
  name: Exclude<CellName, "move" | "select"> | Column;
  sort: Sort;
  onSort: (sort: Sort) => void;
};

function Heading({ index, name, sort, onSort }: HeadingProps) {
  const { t } = useTranslation("list");
  const field = SORTED_BY[name];
  const by = sort === field ? "ascending" : sort === `-${field}` ? "descending" : undefined;
  const text = t(`column.${name}`);
  return (
    <div
      {...columnheader(index + 1, field === undefined ? undefined : (by ?? "none"))}
      data-column={name}
    >
      {field === undefined ? (
        <span className={classes.heading}>{text}</span>
      ) : (
        <button
          type="button"
          className={classes.heading}
          onClick={() => onSort(nextSort(sort, field))}
        >
          {text}
          {by === "ascending" && <IconArrowUp size={14} aria-hidden />}
          {by === "descending" && <IconArrowDown size={14} aria-hidden />}
        </button>
      )}
    </div>
  );
}
