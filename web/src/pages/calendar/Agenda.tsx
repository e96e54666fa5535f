import { UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconPlus } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { DayKey } from "@/time/dates";
import { formatDay } from "@/time/format";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";
import { type AgendaRow, agendaOf, type Days, saidOf } from "./days";
import { TaskLine } from "./TaskLine";

// With the keyboard too, also where nothing in it takes the focus.
const SCROLLS = { tabIndex: 0 };

const [HEAD_PX, LINE_PX] = [52, 44];

type Props = { days: readonly DayKey[]; on: Days; label: string };

/** The days one below the other, where there is no room for a grid. */
export function Agenda({ days, on, label }: Props) {
  const { today } = useCalendar();
  const [undatedOpen, setUndatedOpen] = useState(false);
  const scroller = useRef<HTMLElement>(null);
  const rows = useMemo(
    () => agendaOf(days, today, on, undatedOpen),
    [days, today, on, undatedOpen],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (rows[index]?.kind === "task" ? LINE_PX : HEAD_PX),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  return (
    <section ref={scroller} className={styles.agenda} aria-label={label} {...SCROLLS}>
      <div className={styles.agendaRows} style={{ blockSize: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return (
            row && (
              <div
                key={row.key}
                className={styles.agendaRow}
                style={{ transform: `translateY(${start}px)` }}
              >
                <Row row={row} onUndated={() => setUndatedOpen(!undatedOpen)} />
              </div>
            )
          );
        })}
      </div>
    </section>
  );
}

function Row({ row, onUndated }: { row: AgendaRow; onUndated: () => void }) {
  const { t } = useTranslation("calendar");
  switch (row.kind) {
    case "task":
      return <TaskLine task={row.task} look="line" />;
    case "day":
      return <DayHead day={row.day} count={row.count} />;
    case "undated": {
      const Icon = row.open ? IconChevronDown : IconChevronRight;
      return (
        <h2 className={styles.agendaHead}>
          <UnstyledButton className={styles.disclose} aria-expanded={row.open} onClick={onUndated}>
            <Icon size={16} aria-hidden className={styles.chevron} /> {t("tray.title")}{" "}
            <span className={styles.count}>{t("count", { count: row.count })}</span>
          </UnstyledButton>
        </h2>
      );
    }
  }
}

function DayHead({ day, count }: { day: DayKey; count: number }) {
  const { t } = useTranslation("calendar");
  const { locale, today, editable, showDay } = useCalendar();
  const name = formatDay(day, locale, "dateLong");
  return (
    <div className={styles.agendaHead} data-today={day === today || undefined}>
      <h2 aria-label={`${name}, ${t("count", { count })}`}>
        <span className={styles.near}>{saidOf(day, today, locale)}</span>{" "}
        <span className={styles.count}>{formatDay(day, locale, "dateYear")}</span>
        {count === 0 && <span className={styles.count}> · {t("nothing")}</span>}
      </h2>
      {editable && (
        <button
          type="button"
          className={styles.add}
          data-always
          aria-label={t("add.on", { day: name })}
          aria-haspopup="dialog"
          onClick={() => showDay(day, true)}
        >
          <IconPlus size={18} aria-hidden />
        </button>
      )}
    </div>
  );
}
