import { Button, SegmentedControl, Select, Skeleton, useDirection } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconTimeline } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { EmptyState } from "@/parts/EmptyState";
import {
  cleared,
  FilterBar,
  type Names,
  narrows,
  useFilter,
  useFiltered,
  useMinute,
  useNames,
} from "@/parts/filters";
import { usePageTitle } from "@/parts/pageTitle";
import { useShortcuts } from "@/parts/shortcuts";
import { updateTask } from "@/replica/actions";
import { can, useLanguage, useRole, useView, useWorkspaceId, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { type DayKey, dayOf, dayOfIso } from "@/time/dates";
import { formatDay, localeFor } from "@/time/format";
import { barOf, DAY_PX, dueMoved, readZoom, type Span, spanOf, ZOOMS, type Zoom } from "./bars";
import { Chart } from "./Chart";
import { type Timeline, TimelineContext } from "./context";
import { GROUPINGS, type Grouping, NONE, readGrouping, rowsOf } from "./rows";
import { TableView } from "./TableView";
import styles from "./timeline.module.css";

const NARROW = "(max-width: 48em)";

/** The tasks of a workspace as bars over the days, from their making to their due date. */
export function TimelinePage() {
  const { t } = useTranslation("timeline");
  usePageTitle(t("title"));
  const workspaceId = useWorkspaceId();
  const view = useView(workspaceId);
  const [filter, setFilter] = useFilter();
  const { tasks, text } = useFiltered(view, filter);
  const { zoom, table, put } = useShown();
  const by = readGrouping(filter.group);
  const nameOf = useGroupName(by, useNames(view));
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const goTo = useRef<(day: DayKey) => void>(() => undefined);
  const [zone, now] = [useZone(), useMinute()];
  const today = dayOf(now, zone);
  const bars = useMemo(
    () => new Map(tasks.map((task) => [task.id, barOf(task, now, zone)])),
    [tasks, now, zone],
  );
  const span = useSpan(spanOf(bars.values(), today, zoom));
  const rows = useMemo(
    () => rowsOf(tasks, by, (task) => bars.get(task.id) ?? barOf(task, now, zone), nameOf, closed),
    [tasks, by, bars, now, zone, nameOf, closed],
  );
  const toggle = useCallback(
    (group: string) =>
      setClosed((before) => {
        const next = new Set(before);
        if (!next.delete(group)) next.add(group);
        return next;
      }),
    [],
  );
  const timeline = useShared(workspaceId, { span, zoom, today, zone, nameOf, toggle });
  const showToday = () => goTo.current(today);
  useShortcuts(t("title"), [
    { keys: "t", label: t("toToday"), run: showToday },
    {
      keys: "v",
      label: t("zoom.label"),
      run: () => put({ zoom: ZOOMS[(ZOOMS.indexOf(zoom) + 1) % ZOOMS.length] }),
    },
  ]);
  const empty = tasks.length === 0;
  const loading = empty && view.state === "loading";
  return (
    <TimelineContext value={timeline}>
      <div className={styles.page}>
        <div className={styles.toolbar}>
          <h1 className={styles.heading}>{t("title")}</h1>
          <Select
            className={styles.by}
            aria-label={t("by.label")}
            data={GROUPINGS.map((value) => ({ value, label: t(`by.${value}`) }))}
            value={by}
            allowDeselect={false}
            onChange={(value) => setFilter((before) => ({ ...before, group: readGrouping(value) }))}
          />
          <SegmentedControl
            aria-label={t("as.label")}
            value={table ? "table" : "chart"}
            data={(["chart", "table"] as const).map((value) => ({
              value,
              label: t(`as.${value}`),
            }))}
            onChange={(value) => put({ as: value === "table" ? value : undefined })}
          />
          {!table && (
            <>
              <SegmentedControl
                aria-label={t("zoom.label")}
                value={zoom}
                data={ZOOMS.map((value) => ({ value, label: t(`zoom.${value}`) }))}
                onChange={(value) => put({ zoom: value === "months" ? undefined : value })}
              />
              <Button variant="default" size="sm" onClick={showToday}>
                {t("today")}
              </Button>
            </>
          )}
        </div>
        <FilterBar
          view={view}
          filter={filter}
          onChange={setFilter}
          count={tasks.length}
          text={text}
        />
        {loading && (
          <Skeleton className={styles.skeleton} role="status" aria-label={t("loading")} />
        )}
        {empty && !loading && (
          <Nothing
            filtered={narrows(filter)}
            editable={timeline.editable}
            onClear={() => setFilter(cleared)}
          />
        )}
        {!empty && table && <TableView rows={rows} />}
        {!empty && !table && <Chart rows={rows} zoom={zoom} narrow={narrow} goTo={goTo} />}
      </div>
    </TimelineContext>
  );
}

/** What the address says of the look, and how to put something else there. */
function useShown() {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const put = (next: { zoom?: string | undefined; as?: string | undefined }) =>
    void navigate({
      to: ".",
      search: ((before: object) => ({ ...before, ...next })) as never,
      resetScroll: false,
    });
  return { zoom: readZoom(search.zoom), table: search.as === "table", put };
}

/** The same span until it is another one. */
function useSpan(next: Span): Span {
  return useMemo(() => ({ from: next.from, days: next.days }), [next.from, next.days]);
}

function useGroupName(by: Grouping, { project, member }: Names): (group: string) => string {
  const { t } = useTranslation(["timeline", "parts"]);
  return useCallback(
    (group) => {
      switch (by) {
        case "status":
          return t(`parts:status.${group}`);
        case "project":
          if (group === NONE) return t("parts:project.none");
          return project.get(group)?.name ?? t("parts:project.gone");
        case "assignee":
          if (group === NONE) return t("parts:person.nobody");
          return member.get(group)?.name ?? t("parts:person.gone");
      }
    },
    [by, project, member, t],
  );
}

type Given = Pick<Timeline, "span" | "today" | "zone" | "nameOf" | "toggle"> & { zoom: Zoom };

function useShared(workspaceId: string, given: Given): Timeline {
  const { t } = useTranslation("timeline");
  const { span, zoom, today, zone, nameOf, toggle } = given;
  const locale = localeFor(useLanguage());
  const rtl = useDirection().dir === "rtl";
  const navigate = useNavigate();
  const editable = can.edit(useRole(workspaceId));
  return useMemo(
    () => ({
      span,
      px: DAY_PX[zoom],
      zone,
      locale,
      today,
      rtl,
      editable,
      nameOf,
      toggle,
      linkTo: (number) => `/w/${workspaceId}/t/${number}`,
      open: ({ number }: Task) => {
        if (number === 0) return void tell({ text: t("unsent") });
        void navigate({
          to: ".",
          search: ((search: object) => ({ ...search, task: number })) as never,
          resetScroll: false,
        });
      },
      move: (task, days) => {
        const due_at = dueMoved(task, days, today, zone);
        const day = formatDay(dayOfIso(due_at, zone), locale, "dateLong");
        updateTask(workspaceId, task, { due_at }, t("moved", { title: task.title, day }));
      },
    }),
    [span, zoom, zone, locale, today, rtl, editable, nameOf, toggle, workspaceId, navigate, t],
  );
}

type NothingProps = { filtered: boolean; editable: boolean; onClear: () => void };

function Nothing({ filtered, editable, onClear }: NothingProps) {
  const { t } = useTranslation("timeline");
  return filtered ? (
    <EmptyState
      icon={<IconTimeline />}
      title={t("empty.filtered")}
      action={
        <Button variant="light" onClick={onClear}>
          {t("empty.clear")}
        </Button>
      }
    />
  ) : (
    <EmptyState
      icon={<IconTimeline />}
      title={t("empty.title")}
      text={t(editable ? "empty.text" : "empty.textRead")}
    />
  );
}
