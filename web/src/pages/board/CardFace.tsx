import { IconClockPause } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "@/i18n/words";
import { DueDate } from "@/parts/DueDate";
import { LabelChip, thatFit } from "@/parts/LabelChip";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { PriorityIcon } from "@/parts/PriorityIcon";
import type { Task } from "@/replica/model";
import styles from "./BoardPage.module.css";
import { useCardNames } from "./names";

/** How many letters of labels there is room for. */
const ROOM = 18;

/** What a card says below its title. */
export const CardFacts = memo(function CardFacts({
  task,
  pending,
}: {
  task: Task;
  pending: boolean;
}) {
  const { t } = useTranslation("board");
  const { member, label, zone, language } = useCardNames();
  const labels = task.label_ids.flatMap((id) => label.get(id) ?? []);
  const shown = thatFit(labels, task.due_at === null ? ROOM : 0);
  const assignee = task.assignee_id === null ? undefined : member.get(task.assignee_id);
  const closed = task.status === "completed" || task.status === "cancelled";
  return (
    <div className={styles.facts}>
      {pending && (
        <IconClockPause className={styles.waiting} size={14} role="img" aria-label={t("waiting")} />
      )}
      <span className={styles.number}>{task.number > 0 ? `#${task.number}` : t("new")}</span>
      <PriorityIcon priority={task.priority} />
      {task.due_at !== null && (
        <DueDate
          iso={task.due_at}
          timeZone={zone}
          language={language}
          closed={closed}
          repeats={task.recurrence !== null}
          brief
        />
      )}
      <span className={styles.labels} title={labels.map((one) => one.name).join(", ")}>
        {shown.map((one) => (
          <LabelChip key={one.id} name={one.name} color={one.color} />
        ))}
        {labels.length > shown.length && (
          <span className={styles.others}>+{labels.length - shown.length}</span>
        )}
      </span>
      {assignee && <PersonAvatar name={assignee.name} id={assignee.user_id} />}
    </div>
  );
});
