import { type RefObject, useEffect, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { type DayKey, startOfWeek } from "@/time/dates";
import { formatDay, weekdayNames } from "@/time/format";
import { columnheader, grid, gridrow, rowgroup, rowheader } from "./aria";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";
import { DayCell } from "./DayCell";
import { type Days, type Shown, weekNumber, weeksOf } from "./days";
import type { Carry } from "./useCarry";

/** In rem, as in calendar.module.css: the head of a day, and a line in it. */
const [HEAD_REM, LINE_REM] = [2.25, 1.75];
const LEAST_ROOM = 2;

type Props = {
  day: DayKey;
  shown: Shown;
  weekStart: number;
  days: Days;
  cursor: DayKey;
  carry: Carry | null;
  root: RefObject<HTMLDivElement | null>;
  label: string;
};

const NONE: readonly never[] = [];

/** The weeks of a month, or one week: a row each. */
export function DayGrid({ day, shown, weekStart, days, cursor, carry, root, ...props }: Props) {
  const { t } = useTranslation("calendar");
  const { locale } = useCalendar();
  const weeks = weeksOf(day, shown, weekStart);
  const room = useRoom(root, weeks.length);
  const first = weeks[0] ?? NONE;
  return (
    <div
      ref={root}
      {...grid(props.label)}
      className={styles.grid}
      data-shown={shown}
      data-carrying={carry?.by}
    >
      <div {...gridrow} className={styles.names}>
        <span {...columnheader} className={styles.week}>
          <span className={styles.hidden}>{t("week.column")}</span>
          <span aria-hidden>{t("week.short")}</span>
        </span>
        {weekdayNames(locale).map((name, i) => (
          <span key={name} {...columnheader} className={styles.name}>
            <span className={styles.hidden}>{formatDay(first[i] ?? day, locale, "weekday")}</span>
            <span aria-hidden>{name}</span>
          </span>
        ))}
      </div>
      <div {...rowgroup} className={styles.weeks} data-weeks>
        {weeks.map((week) => (
          <div key={week[0]} {...gridrow} className={styles.row}>
            <span {...rowheader} className={styles.week}>
              <span className={styles.hidden}>{t("week.name")} </span>
              {weekNumber(startOfWeek(week[0] ?? day, weekStart))}
            </span>
            {week.map((one) => {
              const tasks = days.on.get(one) ?? NONE;
              const own = tasks.some((task) => task.id === carry?.taskId);
              return (
                <DayCell
                  key={one}
                  day={one}
                  tasks={tasks}
                  filling={shown === "month" && one.slice(0, 7) !== day.slice(0, 7)}
                  room={room}
                  stop={one === cursor}
                  target={carry?.target === one}
                  carried={own ? (carry?.taskId ?? null) : null}
                />
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

/** How many lines fit into a day; all of them on paper. */
function useRoom(root: RefObject<HTMLDivElement | null>, weeks: number): number {
  const [height, setHeight] = useState(0);
  const printing = usePrinting();
  useEffect(() => {
    const box = root.current?.querySelector("[data-weeks]");
    if (!box) return;
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 0));
    observer.observe(box);
    return () => observer.disconnect();
  }, [root]);
  if (printing) return Number.POSITIVE_INFINITY;
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return Math.max(LEAST_ROOM, Math.floor((height / weeks / rem - HEAD_REM) / LINE_REM));
}

function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const [begin, end] = [() => setPrinting(true), () => setPrinting(false)];
    addEventListener("beforeprint", begin);
    addEventListener("afterprint", end);
    return () => {
      removeEventListener("beforeprint", begin);
      removeEventListener("afterprint", end);
    };
  }, []);
  return printing;
}
