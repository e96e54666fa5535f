import {
  IconAlertCircleFilled,
  IconCheck,
  IconChevronLeft,
  IconChevronRight,
  IconX,
} from "@tabler/icons-react";
import { type MouseEvent, memo } from "react";
import { useTranslation } from "@/i18n/words";
import { StatusIcon } from "@/parts/StatusBadge";
import type { Task } from "@/replica/model";
import { addDays, daysBetween } from "@/time/dates";
import { formatDay } from "@/time/format";
import { type Bar, hasHandle, later, offsetOf, widthOf } from "./bars";
import { useTimeline } from "./context";
import styles from "./timeline.module.css";
import { useDueDrag } from "./useDueDrag";

const ICONS = { overdue: IconAlertCircleFilled, completed: IconCheck, cancelled: IconX } as const;

/** A plain click; others open the address in another tab, as links do. */
const plain = (event: MouseEvent) =>
  event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

type Props = {
  task: Task;
  bar: Bar;
  depth: number;
  /** On which side of what can be seen the bar is. */
  aside: "before" | "after" | null;
  onShow: (bar: Bar) => void;
};

export const TaskRow = memo(function TaskRow({ task, bar, depth, aside, onShow }: Props) {
  const { t } = useTranslation(["timeline", "parts"]);
  const timeline = useTimeline();
  const { span, px, locale, today, editable } = timeline;
  const { days, handlers } = useDueDrag((moved) => timeline.move(task, moved));
  const end = addDays(bar.to, days);
  const shown: Bar = { ...bar, to: later(end, bar.from) };
  const words = useWords()(shown);
  const link = {
    href: task.number > 0 ? timeline.linkTo(task.number) : undefined,
    draggable: false,
    onClick: (event: MouseEvent) => {
      if (!plain(event)) return;
      event.preventDefault();
      timeline.open(task);
    },
  };
  const start = offsetOf(shown.from, span, px);
  const width = Math.max(widthOf(shown, px), 6);
  const Icon =
    bar.kind === "overdue" || bar.kind === "completed" || bar.kind === "cancelled"
      ? ICONS[bar.kind]
      : null;
  const Aside = aside === "before" ? IconChevronLeft : IconChevronRight;
  const slider = {
    role: "slider",
    "aria-label": t("handle.label", { title: task.title }),
    "aria-valuemin": 0,
    "aria-valuemax": span.days,
    "aria-valuenow": daysBetween(span.from, shown.to),
    "aria-valuetext":
      bar.due === null && days === 0
        ? t("parts:due.none")
        : formatDay(shown.to, locale, "dateLong"),
  };
  return (
    <>
      <div className={styles.name} style={{ paddingInlineStart: `${0.5 + depth}rem` }}>
        <StatusIcon status={task.status} size={14} />
        <a {...link} className={styles.title} title={task.title} dir="auto">
          {task.title}
        </a>
        <span className={styles.hidden}>{words}</span>
      </div>
      <div className={styles.track}>
        <a
          {...link}
          className={styles.bar}
          data-kind={bar.kind}
          data-pulled={days !== 0 || undefined}
          tabIndex={-1}
          title={`${task.title}\n${words}`}
          style={{ insetInlineStart: start, inlineSize: width }}
        >
          {Icon && <Icon size={14} aria-hidden />}
          <span className={styles.hidden}>
            {task.title}: {words}
          </span>
        </a>
        {bar.kind === "overdue" && days === 0 && bar.to < today && (
          <span
            className={styles.tail}
            style={{
              insetInlineStart: start + width,
              inlineSize: Math.max(daysBetween(bar.to, today) * px, 0),
            }}
          />
        )}
        {editable && hasHandle(bar) && (
          <button
            type="button"
            {...slider}
            {...handlers}
            className={styles.handle}
            title={t("handle.hint")}
            style={{ insetInlineStart: start + width - 12 }}
          />
        )}
        {days !== 0 && (
          <span className={styles.pulled} style={{ insetInlineStart: start + width + 14 }}>
            {formatDay(shown.to, locale, "date")}
          </span>
        )}
        {aside !== null && (
          <button
            type="button"
            className={styles.aside}
            data-side={aside}
            tabIndex={-1}
            title={t("aside", { title: task.title })}
            onClick={() => onShow(bar)}
          >
            <Aside size={14} className={styles.chevron} aria-hidden />
            {formatDay(aside === "before" ? bar.to : bar.from, locale, "dateYear")}
          </button>
        )}
      </div>
    </>
  );
});

/** A bar in words. */
export function useWords(): (bar: Bar) => string {
  const { t } = useTranslation("timeline");
  const { locale } = useTimeline();
  return ({ kind, from, to }) =>
    t(`bar.${kind}`, {
      from: formatDay(from, locale, "dateYear"),
      to: formatDay(to, locale, "dateYear"),
    });
}
