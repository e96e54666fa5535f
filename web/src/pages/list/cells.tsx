import { IconCalendarPlus, IconUserPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { DueDate } from "@/parts/DueDate";
import type { Column } from "@/parts/filters";
import { isOpen } from "@/parts/filters/matching";
import { LabelChip, thatFit } from "@/parts/LabelChip";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { PriorityIcon } from "@/parts/PriorityIcon";
import { StatusBadge, StatusIcon } from "@/parts/StatusBadge";
import type { Task } from "@/replica/model";
import { momentOf } from "@/time/dates";
import { formatMoment } from "@/time/format";
import { useList } from "./context";
import classes from "./list.module.css";

/** Columns that cannot be edited in the list. */
export const READ_ONLY: ReadonlySet<Column> = new Set(["created", "updated"]);
/** How many letters of labels there is room for. */
const ROOM = 16;
const NONE = <span className={classes.none}>–</span>;
const NOBODY = <IconUserPlus size={18} role="img" aria-label="–" className={classes.none} />;
const NO_DAY = <IconCalendarPlus size={18} role="img" aria-label="–" className={classes.none} />;

/** What a column shows of a task. */
export function CellValue({ task, column }: { task: Task; column: Column }): ReactNode {
  const { t, names, zone, language, locale, narrow } = useList();
  switch (column) {
    case "status":
      return narrow ? <StatusIcon status={task.status} /> : <StatusBadge status={task.status} />;
    case "priority":
      return (
        <span className={classes.value}>
          <PriorityIcon priority={task.priority} decorative={!narrow} />
          {!narrow && t(`parts:priority.${task.priority}`)}
        </span>
      );
    case "assignee": {
      const member = task.assignee_id === null ? undefined : names.member.get(task.assignee_id);
      if (member === undefined) return narrow ? NOBODY : NONE;
      return (
        <span className={classes.value}>
          <PersonAvatar id={member.user_id} name={member.name} size={20} decorative={!narrow} />
          {!narrow && <Name text={member.name} />}
        </span>
      );
    }
    case "project": {
      const project = task.project_id === null ? undefined : names.project.get(task.project_id);
      return project === undefined ? NONE : <Name text={project.name} />;
    }
    case "labels":
      return <Labels ids={task.label_ids} />;
    case "due":
      return task.due_at === null ? (
        (narrow && NO_DAY) || NONE
      ) : (
        <DueDate
          iso={task.due_at}
          timeZone={zone}
          language={language}
          closed={!isOpen(task)}
          repeats={task.recurrence !== null}
          brief
        />
      );
    case "created":
      return formatMoment(momentOf(task.created_at), locale, zone, "dateYear");
    case "updated":
      return formatMoment(momentOf(task.updated_at), locale, zone, "dateYear");
  }
}

const Name = ({ text }: { text: string }) => (
  <bdi className={classes.name} title={text}>
    {text}
  </bdi>
);

function Labels({ ids }: { ids: readonly string[] }) {
  const { names } = useList();
  const labels = ids.flatMap((id) => names.label.get(id) ?? []);
  if (labels.length === 0) return NONE;
  const shown = thatFit(labels, ROOM);
  const more = labels.length - shown.length;
  return (
    <span className={classes.labels}>
      {shown.map((label) => (
        <LabelChip key={label.id} name={label.name} color={label.color} />
      ))}
      {more > 0 && (
        <span title={labels.map(({ name }) => name).join(", ")} className={classes.more}>
          +{more}
        </span>
      )}
    </span>
  );
}
