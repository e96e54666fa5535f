import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { Suspense, useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { arriving } from "@/parts/arriving";
import {
  type Column,
  cleared,
  FilterBar,
  narrows,
  useFilter,
  useFiltered,
  useMatchContext,
  useNames,
} from "@/parts/filters";
import { ordered } from "@/parts/filters/ordered";
import { usePageTitle } from "@/parts/pageTitle";
import { QuickAddHere, QuickAddRoom } from "@/parts/QuickAdd/QuickAddHere";
import { deleteTasks, moveTask, updateTask } from "@/replica/actions";
import { can, useLanguage, useRole, useView, useWorkspaceId, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { horizon } from "@/time/due";
import { localeFor } from "@/time/format";
import { useColumns } from "./columns";
import { ListContext } from "./context";
import { ListSkeleton, NoMatch, NoTasks } from "./Empty";
import { Grid } from "./Grid";
import classes from "./list.module.css";
import { groupRows, neighbours, patchInto, placeAt, type Row } from "./rows";
import { useGroupNames } from "./useGroupNames";
import { useSelection } from "./useSelection";
import { ViewMenu } from "./ViewMenu";

const BulkBar = arriving(() => import("./BulkBar").then(({ BulkBar }) => ({ default: BulkBar })));

const NARROW = "(max-width: 48em)";
const NARROW_COLUMNS: readonly Column[] = ["status", "priority", "due", "assignee"];

/** The tasks of a workspace, one below the other. */
export function ListPage() {
  const { t } = useTranslation(["list", "parts"]);
  usePageTitle(t("title"));
  const workspaceId = useWorkspaceId();
  const view = useView(workspaceId);
  const [filter, setFilter] = useFilter();
  const { tasks, text } = useFiltered(view, filter);
  const names = useNames(view);
  const editable = can.edit(useRole(workspaceId));
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const [columns, setColumns] = useColumns(filter, setFilter);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [zone, language, navigate] = [useZone(), useLanguage(), useNavigate()];
  const nameOf = useGroupNames(filter.group, names);
  const { now, weekStart = 1 } = useMatchContext();
  const rows = useMemo<readonly Row[]>(() => {
    if (filter.group === null) return tasks;
    return groupRows(tasks, filter.group, horizon(now, zone, weekStart), nameOf, closed);
  }, [tasks, filter.group, now, zone, weekStart, nameOf, closed]);
  const selection = useSelection(tasks, rows);
  const movable = editable && filter.sort === "position";
  const context = useMemo<ListContext>(
    () => ({
      t,
      workspaceId,
      address: `/w/${workspaceId}/t`,
      names,
      zone,
      language,
      locale: localeFor(language),
      editable,
      movable,
      columns: narrow ? NARROW_COLUMNS : columns,
      narrow,
    }),
    [t, workspaceId, names, zone, language, editable, movable, columns, narrow],
  );

  const open = (task: Task) => {
    if (task.number === 0) return tell({ text: t("row.unsent") });
    void navigate({
      to: ".",
      search: ((search: object) => ({ ...search, task: task.number })) as never,
      resetScroll: false,
    });
  };
  const remove = () => {
    const count = selection.chosen.length;
    if (count === 0) return;
    deleteTasks(workspaceId, selection.chosen, t("bulk.removed", { count }));
    selection.clear();
  };
  const move = (task: Task, to: number) => {
    const place = placeAt(rows, to, task);
    const into =
      filter.group !== null && place.group !== null ? patchInto(place.group, filter.group) : {};
    if (into === null && place.group === null) return;
    moveTask(workspaceId, task, neighbours(ordered(view, "position"), place, task), into ?? {});
  };

  const empty = tasks.length === 0;
  return (
    <ListContext.Provider value={context}>
      <div className={classes.page}>
        <h1 className={classes.hidden}>{t("title")}</h1>
        {editable && <QuickAddHere workspaceId={workspaceId} />}
        {!editable && view.head === undefined && <QuickAddRoom />}
        <FilterBar
          view={view}
          filter={filter}
          onChange={setFilter}
          count={tasks.length}
          text={text}
        >
          <ViewMenu filter={filter} columns={columns} onFilter={setFilter} onColumns={setColumns} />
        </FilterBar>
        {empty && view.state === "loading" && <ListSkeleton />}
        {empty && view.state !== "loading" && narrows(filter) && (
          <NoMatch>
            <Button variant="light" onClick={() => setFilter(cleared)}>
              {t("empty.clear")}
            </Button>
          </NoMatch>
        )}
        {empty && view.state !== "loading" && !narrows(filter) && <NoTasks editable={editable} />}
        {!empty && (
          <Grid
            rows={rows}
            sort={filter.sort}
            onSort={(sort) => setFilter((before) => ({ ...before, sort }))}
            selection={selection}
            pending={view.pending}
            nameOf={nameOf}
            onToggleGroup={(group) =>
              setClosed((before) => {
                const next = new Set(before);
                if (!next.delete(group)) next.add(group);
                return next;
              })
            }
            onOpen={open}
            onTitle={(task, title) => updateTask(workspaceId, task, { title })}
            onRemove={remove}
            onMove={move}
          />
        )}
        {editable && selection.chosen.length > 0 && (
          <Suspense fallback={null}>
            <BulkBar selection={selection} total={tasks.length} onRemove={remove} />
          </Suspense>
        )}
      </div>
    </ListContext.Provider>
  );
}
