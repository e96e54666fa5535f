import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "@/i18n/words";
import { formatDay } from "@/time/format";
import { useTimeline } from "./context";
import type { Row } from "./rows";
import styles from "./timeline.module.css";

// With the keyboard too, also where nothing in it takes the focus.
const SCROLLS = { tabIndex: 0 };

const STEP = 200;

/** The same in words, for whom bars say nothing. */
export function TableView({ rows }: { rows: readonly Row[] }) {
  const { t } = useTranslation("timeline");
  const [most, setMost] = useState(STEP);
  return (
    <section className={styles.tableBox} aria-label={t("title")} {...SCROLLS}>
      <table className={styles.table}>
        <thead>
          <tr>
            {(["task", "from", "to", "state"] as const).map((name) => (
              <th key={name} scope="col">
                {t(`table.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, most).map((row) => (
            <TableRow key={row.key} row={row} />
          ))}
        </tbody>
      </table>
      {rows.length > most && (
        <Button variant="subtle" onClick={() => setMost(most + STEP)}>
          {t("table.more", { count: rows.length - most })}
        </Button>
      )}
    </section>
  );
}

function TableRow({ row }: { row: Row }) {
  const { t } = useTranslation("timeline");
  const { locale, nameOf, linkTo, open } = useTimeline();
  if (row.kind === "group") {
    return (
      <tr>
        <th scope="rowgroup" colSpan={4} className={styles.tableGroup} dir="auto">
          {nameOf(row.group)}{" "}
          <span className={styles.count}>{t("count", { count: row.count })}</span>
        </th>
      </tr>
    );
  }
  const { task, bar, depth } = row;
  return (
    <tr>
      <th scope="row" style={{ paddingInlineStart: `${0.5 + depth}rem` }}>
        <a
          className={styles.title}
          href={task.number > 0 ? linkTo(task.number) : undefined}
          dir="auto"
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            open(task);
          }}
        >
          {task.title}
        </a>
      </th>
      <td>{formatDay(bar.from, locale, "dateYear")}</td>
      <td>{bar.kind === "open" ? "–" : formatDay(bar.to, locale, "dateYear")}</td>
      <td>{t(`kind.${bar.kind}`)}</td>
    </tr>
  );
}
