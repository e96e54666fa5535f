import { IconAlertCircleFilled, IconCalendar, IconRepeat } from "@tabler/icons-react";
import { useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "@/i18n/words";
import { nowMs } from "@/time/clock";
import { dayOf, momentOf } from "@/time/dates";
import { formatDue, formatDueBrief, formatDueLong, localeFor } from "@/time/format";
import styles from "./DueDate.module.css";
import { minuteNow, onMinute } from "./minutes";

type Props = {
  iso: string;
  timeZone: string;
  language: string;
  /** Completed or cancelled: never overdue. */
  closed?: boolean;
  icon?: boolean;
  /** It comes again when it is completed. */
  repeats?: boolean;
  /** Where there is little room: far from today, without the time. */
  brief?: boolean;
};

// Cheaper than a horizon, which is made once for many.
function nearness(iso: string, now: number, zone: string, closed: boolean) {
  const moment = momentOf(iso);
  if (moment < now && !closed) return "overdue";
  return dayOf(moment, zone) === dayOf(now, zone) ? "today" : "later";
}

/** When something is due, as people say it; what is overdue has another shape, colour and word. */
export function DueDate(props: Props) {
  const {
    iso,
    timeZone,
    language,
    closed = false,
    icon = true,
    repeats = false,
    brief = false,
  } = props;
  const { t } = useTranslation("parts");
  const locale = localeFor(language);
  const minute = useSyncExternalStore(onMinute, minuteNow);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is said follows from the minute
  const { due, text } = useMemo(() => {
    const now = nowMs();
    return {
      due: nearness(iso, now, timeZone, closed),
      text: (brief ? formatDueBrief : formatDue)(iso, now, locale, timeZone),
    };
  }, [minute, iso, timeZone, closed, locale, brief]);
  const overdue = due === "overdue";
  const Icon = overdue ? IconAlertCircleFilled : IconCalendar;
  if (Number.isNaN(momentOf(iso))) return null;
  return (
    <time
      className={styles.due}
      data-due={closed ? "closed" : due}
      dateTime={iso}
      title={formatDueLong(iso, locale, timeZone)}
    >
      {icon && <Icon size={14} role="img" aria-label={overdue ? t("due.overdue") : t("due.due")} />}
      {!icon && overdue && <span>{t("due.overdue")}: </span>}
      <span className={styles.text}>{text}</span>
      {repeats && <IconRepeat size={13} role="img" aria-label={t("repeat.label")} />}
    </time>
  );
}
