import { IconPlus } from "@tabler/icons-react";
import { memo } from "react";
import { useTranslation } from "@/i18n/words";
import type { Task } from "@/replica/model";
import { type DayKey, partsOf } from "@/time/dates";
import { formatDay } from "@/time/format";
import { gridcell } from "./aria";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";
import { DragTask } from "./DragTask";
import { fitting } from "./days";

type Props = {
  day: DayKey;
  tasks: readonly Task[];
  /** Only there to fill a week of the month. */
  filling: boolean;
  /** How many lines fit into it. */
  room: number;
  /** Whether the tabulator stops here. */
  stop: boolean;
  /** What is being carried would land here. */
  target: boolean;
  /** The task that is being carried, where it is of this day. */
  carried: string | null;
};

export const DayCell = memo(function DayCell(props: Props) {
  const { day, tasks, room, stop, carried } = props;
  const { t } = useTranslation("calendar");
  const { locale, today, editable, showDay } = useCalendar();
  const shown = fitting(tasks.length, room);
  const name = formatDay(day, locale, "dateLong");
  const { day: date } = partsOf(day);
  const tabIndex = stop ? 0 : -1;
  return (
    <div
      {...gridcell(day === today)}
      className={styles.day}
      data-day={day}
      data-filling={props.filling || undefined}
      data-today={day === today || undefined}
      data-target={props.target || undefined}
      tabIndex={tabIndex}
    >
      <div className={styles.dayHead}>
        <span className={styles.hidden}>
          {name}, {day === today && `${t("today")}, `}
          {t("count", { count: tasks.length })}
        </span>
        <span className={styles.date} aria-hidden>
          {date === 1 ? formatDay(day, locale, "date") : date}
        </span>
        {editable && (
          <button
            type="button"
            className={styles.add}
            tabIndex={tabIndex}
            aria-label={t("add.on", { day: name })}
            aria-haspopup="dialog"
            onClick={() => showDay(day, true)}
          >
            <IconPlus size={16} aria-hidden />
          </button>
        )}
      </div>
      {tasks.slice(0, shown).map((task) => (
        <DragTask key={task.id} task={task} stop={stop} carried={carried === task.id} look="chip" />
      ))}
      {shown < tasks.length && (
        <button
          type="button"
          className={styles.more}
          data-more
          tabIndex={tabIndex}
          aria-haspopup="dialog"
          aria-label={t("more.label", { count: tasks.length - shown, day: name })}
          onClick={() => showDay(day, false)}
        >
          {t("more.short", { count: tasks.length - shown })}
        </button>
      )}
    </div>
  );
});
