import { memo, useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { addDays, type DayKey, partsOf } from "@/time/dates";
import { formatDay, weekStartOf } from "@/time/format";
import { offsetOf, type Tick, ticksOf, type Zoom } from "./bars";
import { useTimeline } from "./context";
import styles from "./timeline.module.css";

/** What can be seen of the track, in pixels from its start. */
export type Seen = { from: number; to: number };

function useTicks(zoom: Zoom, { from, to }: Seen) {
  const { span, px, locale } = useTimeline();
  return useMemo(() => {
    const [first, last] = [Math.floor(from / px) - 7, Math.ceil(to / px) + 7];
    return ticksOf(
      addDays(span.from, Math.max(first, 0)),
      addDays(span.from, Math.min(last, span.days)),
      zoom,
      weekStartOf(locale),
    );
  }, [from, to, px, span, zoom, locale]);
}

function fineName(day: DayKey, zoom: Zoom, locale: string): string {
  if (zoom === "weeks") return String(partsOf(day).day);
  return formatDay(day, locale, zoom === "months" ? "date" : "monthShort");
}

type Props = { zoom: Zoom; seen: Seen };

/** Months and weeks, or years and months, above the bars. */
export const Scale = memo(function Scale({ zoom, seen }: Props) {
  const { t } = useTranslation("timeline");
  const { span, px, locale, today } = useTimeline();
  const { coarse, fine } = useTicks(zoom, seen);
  const place = ({ day, days }: Tick) => ({
    insetInlineStart: offsetOf(day, span, px),
    inlineSize: days * px,
  });
  return (
    <div className={styles.scale} aria-hidden>
      <div className={styles.corner} />
      <div className={styles.ticks}>
        {coarse.map((tick) => (
          <span key={tick.day} className={styles.coarse} style={place(tick)}>
            <span className={styles.stay}>
              {zoom === "quarters" ? tick.day.slice(0, 4) : formatDay(tick.day, locale, "month")}
            </span>
          </span>
        ))}
        {fine.map((tick) => (
          <span
            key={tick.day}
            className={styles.fine}
            data-today={(zoom === "weeks" && tick.day === today) || undefined}
            style={place(tick)}
          >
            {fineName(tick.day, zoom, locale)}
          </span>
        ))}
        <span
          className={styles.todayName}
          style={{ insetInlineStart: offsetOf(today, span, px) + px / 2 }}
        >
          {t("today")}
        </span>
      </div>
    </div>
  );
});

/** The lines behind the bars, and that of today. */
export const Lines = memo(function Lines({ zoom, seen }: Props) {
  const { span, px, today } = useTimeline();
  const { fine, coarse } = useTicks(zoom, seen);
  return (
    <div className={styles.lines} aria-hidden>
      {fine.map(({ day }) => (
        <span
          key={day}
          className={styles.lineFine}
          style={{ insetInlineStart: offsetOf(day, span, px) }}
        />
      ))}
      {coarse.map(({ day }) => (
        <span
          key={day}
          className={styles.lineCoarse}
          style={{ insetInlineStart: offsetOf(day, span, px) }}
        />
      ))}
      <span
        className={styles.lineToday}
        style={{ insetInlineStart: offsetOf(today, span, px) + px / 2 }}
      />
    </div>
  );
});
