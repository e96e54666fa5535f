import { useSearch } from "@tanstack/react-router";
import { Suspense, useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { useFilter } from "@/parts/filters";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { usePageTitle } from "@/parts/pageTitle";
import { useView, useWorkspaceId } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { dayOf } from "@/time/dates";
import { Bar } from "./Bar";
import classes from "./dashboard.module.css";
import { NumberTiles } from "./NumberTiles";
import { PlotsSkeleton } from "./PlotsSkeleton";
import { readRange } from "./range";

const Plots = arriving(() => import("./Plots"));
const Reports = arriving(() => import("./Reports"));

/** How the work of a workspace flows: numbers at once, then plots, then files to take away. */
export function DashboardPage() {
  const { t } = useTranslation("dashboard");
  const w = useWorkspaceId();
  const view = useView(w);
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const [filter, setFilter] = useFilter();
  const today = dayOf(nowMs(), "UTC");
  const { from, to, days } = readRange(search, today);
  const range = useMemo(() => ({ from, to, days }), [from, to, days]);
  usePageTitle(t("title"));
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{t("title")}</h1>
      <Bar view={view} range={range} today={today} filter={filter} onFilter={setFilter} />
      <NumberTiles view={view} range={range} filter={filter} />
      <Suspense fallback={<PlotsSkeleton />}>
        <Plots view={view} range={range} filter={filter} />
      </Suspense>
      <Suspense fallback={<PageSkeleton rows={4} />}>
        <Reports view={view} range={range} filter={filter} />
      </Suspense>
    </div>
  );
}
