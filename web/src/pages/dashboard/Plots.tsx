import { IconChartLine } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import type { Filter } from "@/parts/filters";
import { Plot } from "@/parts/plots/Plot";
import type { Series } from "@/parts/plots/series";
import { useLanguage } from "@/replica/hooks";
import type { View } from "@/replica/workspace";
import { formatDay, localeFor, weekStartOf } from "@/time/format";
import { Breakdown } from "./Breakdown";
import classes from "./dashboard.module.css";
import { PlotsSkeleton } from "./PlotsSkeleton";
import { lengthOf, type Range } from "./range";
import { busiest, type Span, share, spans, stepOf } from "./series";
import { Times } from "./Times";
import { type Statistics, useStatistics } from "./useStatistics";

type Props = { view: View; range: Range; filter: Filter };

/** Everything that is drawn from the statistics of the chosen days. */
export default function Plots({ view, range, filter }: Props) {
  const { t } = useTranslation("dashboard");
  const { data, error, refetch, isPlaceholderData } = useStatistics(view.id, range, filter);
  if (data === undefined) {
    if (error === null) return <PlotsSkeleton />;
    return <ErrorNote error={error} title={t("failed")} onRetry={() => void refetch()} />;
  }
  if (
    data.days.every(({ scope, created, statuses }) => scope + created + statuses.cancelled === 0)
  ) {
    return <EmptyState icon={<IconChartLine />} title={t("none.title")} text={t("none.text")} />;
  }
  return (
    <section aria-label={t("plots")} className={classes.plots} aria-busy={isPlaceholderData}>
      <Drawn data={data} />
      <Breakdown data={data} view={view} />
      <Times data={data} />
    </section>
  );
}

function Drawn({ data }: { data: Statistics }) {
  const { t } = useTranslation(["dashboard", "parts"]);
  const locale = localeFor(useLanguage());
  const step = stepOf(lengthOf(data));
  const all = useMemo(() => spans(data.days, step, weekStartOf(locale)), [data.days, step, locale]);
  const sameYear = data.from.slice(0, 4) === data.to.slice(0, 4);
  const named = ({ from }: Span) => formatDay(from, locale, sameYear ? "date" : "dateYear");
  const when = t(`step.${step}`);
  const last = all.at(-1);
  const first = data.days[0];
  const most = busiest(all);
  const statuses = last?.statuses ?? { pending: 0, in_progress: 0, completed: 0, cancelled: 0 };
  const done = statuses.completed;
  const series = (name: string, label: string, rest: Omit<Series, "name" | "label">): Series => ({
    name,
    label,
    ...rest,
  });
  return (
    <>
      <Plot
        title={t("perDay.title")}
        when={when}
        summary={[
          t("perDay.summary", { created: data.created, completed: data.completed }),
          most === null ? "" : t(`perDayMost.${step}`, { when: named(most), n: most.completed }),
        ].join(" ")}
        rows={all.map((one) => ({
          label: named(one),
          created: one.created,
          completed: one.completed,
        }))}
        series={[
          series("created", t("created"), { tone: "second", dash: "6 4" }),
          series("completed", t("completed"), { tone: "first" }),
        ]}
      />
      <Plot
        title={t("flow.title")}
        when={when}
        stacked
        summary={t("flow.summary", statuses)}
        rows={all.map((one) => ({ label: named(one), ...one.statuses }))}
        series={[
          series("completed", t("parts:status.completed"), { tone: "first", pattern: "plain" }),
          series("in_progress", t("parts:status.in_progress"), {
            tone: "second",
            pattern: "stripes",
          }),
          series("pending", t("parts:status.pending"), { tone: "third", pattern: "dots" }),
          series("cancelled", t("parts:status.cancelled"), { tone: "fourth", pattern: "cross" }),
        ]}
      />
      <Plot
        title={t("burnUp.title")}
        when={when}
        summary={t("burnUp.summary", {
          done,
          scope: last?.scope ?? 0,
          share: share(done, last?.scope ?? 0),
          before: share(first?.statuses.completed ?? 0, first?.scope ?? 0),
        })}
        rows={all.map((one) => ({
          label: named(one),
          scope: one.scope,
          completed: one.statuses.completed,
        }))}
        series={[
          series("scope", t("burnUp.scope"), { tone: "third", dash: "6 4" }),
          series("completed", t("completed"), { tone: "first" }),
        ]}
      />
    </>
  );
}
