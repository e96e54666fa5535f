import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "@/i18n/words";
import { gridcell, gridrow } from "./aria";
import classes from "./list.module.css";
import type { GroupRow } from "./rows";

type Props = {
  row: GroupRow;
  name: string;
  index: number;
  start: number;
  span: number;
  active: boolean;
};

/** The row above a group's tasks: its name, how many there are, and whether they are shown. */
export const GroupHeader = memo(function GroupHeader(props: Props) {
  const { row, name, index, start, span, active } = props;
  const { t } = useTranslation("list");
  const Icon = row.open ? IconChevronDown : IconChevronRight;
  return (
    <div
      {...gridrow(index + 2)}
      className={classes.groupRow}
      data-key={`group:${row.group}`}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div {...gridcell(1, span)} className={classes.groupCell}>
        <button
          type="button"
          className={classes.groupButton}
          data-cell="title"
          aria-expanded={row.open}
          tabIndex={active ? 0 : -1}
        >
          <Icon size={16} className={classes.chevron} aria-hidden />
          <bdi className={classes.name}>{name}</bdi>
          <span className={classes.groupCount}>{t("group.count", { count: row.count })}</span>
        </button>
      </div>
    </div>
  );
});
