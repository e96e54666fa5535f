import "@mantine/dates/styles.css";
import "dayjs/locale/de";
import { DatePicker } from "@mantine/dates";
import { useTranslation } from "@/i18n/words";
import { type DayKey, isDay } from "@/time/dates";
import { weekStartOf } from "@/time/format";
import styles from "./DuePicker.module.css";

type Props = {
  day: DayKey | null;
  today: DayKey;
  language: string;
  locale: string;
  onChange: (day: DayKey) => void;
};

type FirstDay = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** A month to choose a day from. In a chunk of its own: it is heavy, and few open it. */
export function DueCalendar({ day, today, language, locale, onChange }: Props) {
  const { t } = useTranslation("parts");
  return (
    <DatePicker
      value={day}
      defaultDate={day ?? today}
      locale={language}
      classNames={{ weekday: styles.weekdayName ?? "", day: styles.day ?? "" }}
      firstDayOfWeek={weekStartOf(locale) as FirstDay}
      // Today by the account's time zone, which may be another than this machine's.
      getDayProps={(date) => (date === today ? { "aria-current": "date", fw: 700 } : {})}
      ariaLabels={{
        nextMonth: t("due.nextMonth"),
        previousMonth: t("due.previousMonth"),
        nextYear: t("due.nextYear"),
        previousYear: t("due.previousYear"),
      }}
      onChange={(next) => typeof next === "string" && isDay(next) && onChange(next)}
    />
  );
}
