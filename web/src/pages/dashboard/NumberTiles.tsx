import { Skeleton } from "@mantine/core";
import { type ReactNode, useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { type Filter, matcher, NO_FILTER, useMatchContext } from "@/parts/filters";
import type { View } from "@/replica/workspace";
import classes from "./dashboard.module.css";
import { countNow } from "./numbers";
import { lengthOf, type Range } from "./range";
import { formatDuration } from "./series";
import { useStatistics } from "./useStatistics";

type Props = { view: View; range: Range; filter: Filter };

/** Open, overdue, done: of this moment. How long it takes: of the chosen days. */
export function NumberTiles({ view, range, filter }: Props) {
  const { t, i18n } = useTranslation("dashboard");
  const context = useMatchContext();
  const { project, assignee, label } = filter;
  const numbers = useMemo(() => {
    if (view.state === "loading") return undefined;
    const wanted = { ...NO_FILTER, project, assignee, label: label.slice(0, 1) };
    return countNow(view.tasks.values(), matcher(wanted, context), context);
  }, [view, project, assignee, label, context]);
  const { data } = useStatistics(view.id, range, filter);
  const format = new Intl.NumberFormat(i18n.language).format;
  const lead = data?.lead_time_s;
  const took = (seconds: number) => formatDuration(seconds, i18n.language);
  return (
    <dl className={classes.numbers}>
      <Tile name={t("numbers.open")} note={t("numbers.openNote")}>
        {numbers && format(numbers.open)}
      </Tile>
      <Tile name={t("numbers.overdue")} note={t("numbers.overdueNote")}>
        {numbers && format(numbers.overdue)}
      </Tile>
      <Tile
        name={t("numbers.thisWeek")}
        note={t("numbers.lastWeek", { count: numbers?.lastWeek ?? 0 })}
      >
        {numbers && format(numbers.thisWeek)}
      </Tile>
      <Tile
        name={t("numbers.lead")}
        note={
          lead && lead.count > 0
            ? t("numbers.leadNote", { long: took(lead.p85 ?? 0) })
            : t("numbers.leadNone", { count: lengthOf(range) })
        }
      >
        {lead && (lead.count > 0 ? took(lead.p50 ?? 0) : "–")}
      </Tile>
    </dl>
  );
}

function Tile({ name, note, children }: { name: string; note: string; children: ReactNode }) {
  return (
    <div className={classes.number}>
      <dt>{name}</dt>
      <dd>
        {children === undefined ? (
          <Skeleton component="span" display="block" height="2.275rem" width="4rem" />
        ) : (
          <span className={classes.value}>{children}</span>
        )}
        <span className={classes.note}>{note}</span>
      </dd>
    </div>
  );
}
