import { IconAlertCircleFilled, IconCalendarDue, IconClockPause } from "@tabler/icons-react";
import { type MouseEvent, memo } from "react";
import { useTranslation } from "@/i18n/words";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { PriorityIcon } from "@/parts/PriorityIcon";
import { StatusIcon } from "@/parts/StatusBadge";
import type { Task } from "@/replica/model";
import { momentOf, timeOf } from "@/time/dates";
import { formatMoment } from "@/time/format";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";

/** A plain click; others open the address in another tab, as links do. */
const plain = (event: MouseEvent) =>
  event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

type Props = {
  task: Task;
  /** `chip`: one line in a day; `line`: with room for fingers and for who does it. */
  look: "chip" | "line";
  /** Whether the tabulator stops here. */
  stop?: boolean;
};

/** A task, and the button that moves it to another day. */
export const TaskLine = memo(function TaskLine({ task, look, stop = true }: Props) {
  const { t } = useTranslation("calendar");
  const calendar = useCalendar();
  const assignee =
    task.assignee_id === null ? undefined : calendar.names.member.get(task.assignee_id);
  const tabIndex = stop ? 0 : -1;
  return (
    <div
      className={styles.task}
      data-line
      data-look={look}
      data-closed={isClosed(task) || undefined}
    >
      <a
        className={styles.link}
        data-task={task.id}
        href={task.number > 0 ? calendar.linkTo(task.number) : undefined}
        tabIndex={tabIndex}
        draggable={false}
        title={task.title}
        onClick={(event) => {
          if (!plain(event)) return;
          event.preventDefault();
          calendar.open(task);
        }}
      >
        <Marks task={task} />
        <span className={styles.title} dir="auto">
          {task.title}
        </span>
        {look === "line" && <PriorityIcon priority={task.priority} />}
        {look === "line" && assignee && <PersonAvatar name={assignee.name} id={assignee.user_id} />}
      </a>
      {calendar.editable && (
        <button
          type="button"
          className={styles.mover}
          tabIndex={tabIndex}
          aria-label={t("move.open", { title: task.title })}
          title={t("move.short")}
          aria-haspopup="dialog"
          onClick={() => calendar.askMove(task)}
        >
          <IconCalendarDue size={16} aria-hidden />
        </button>
      )}
    </div>
  );
});

export const isClosed = ({ status }: Task) => status === "completed" || status === "cancelled";

/** Status, whether it is overdue or waits to be sent, and its time. */
function Marks({ task }: { task: Task }) {
  const { t } = useTranslation(["calendar", "parts"]);
  const { now, zone, locale, pending } = useCalendar();
  const moment = task.due_at === null ? Number.NaN : momentOf(task.due_at);
  const late = moment < now && !isClosed(task);
  const timed = task.due_at !== null && timeOf(task.due_at, zone) !== null;
  return (
    <>
      {late ? (
        <IconAlertCircleFilled
          size={14}
          role="img"
          className={styles.late}
          aria-label={t("parts:due.overdue")}
        />
      ) : (
        <>
          <StatusIcon status={task.status} size={14} />
          {isClosed(task) && (
            <span className={styles.hidden}>{t(`parts:status.${task.status}`)}</span>
          )}
        </>
      )}
      {pending.has(task.id) && <IconClockPause size={14} role="img" aria-label={t("waiting")} />}
      {timed && <span className={styles.time}>{formatMoment(moment, locale, zone, "time")}</span>}
    </>
  );
}
