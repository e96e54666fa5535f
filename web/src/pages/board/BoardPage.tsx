import { NativeSelect } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { FilterBar } from "@/parts/filters/FilterBar";
import { useNames } from "@/parts/filters/names";
import { useFilter } from "@/parts/filters/useFilter";
import { useFiltered } from "@/parts/filters/useFiltered";
import { usePageTitle } from "@/parts/pageTitle";
import { moveTask, updateTask } from "@/replica/actions";
import { can, useLanguage, useRole, useView, useWorkspaceId, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { Board, type Drop } from "./Board";
import styles from "./BoardPage.module.css";
import { BoardSkeleton } from "./BoardSkeleton";
import { BYS, type By, type Column, columnsOf, patchOfMove, readBy } from "./columns";
import { type Names, NamesContext, useColumnName } from "./names";
import { useClosed } from "./useClosed";

export function BoardPage() {
  const workspaceId = useWorkspaceId();
  const { workspace = "" } = useParams({ strict: false }) as { workspace?: string };
  const view = useView(workspaceId);
  const lists = useNames(view);
  const zone = useZone();
  const language = useLanguage();
  const { member, project, label } = lists;
  const names = useMemo<Names>(
    () => ({
      member,
      project,
      label,
      zone,
      language,
      linkTo: (number) => `/w/${workspace}/t/${number}`,
    }),
    [member, project, label, zone, language, workspace],
  );
  return (
    <NamesContext value={names}>
      <div className={styles.page}>
        <BoardOf workspaceId={workspaceId} view={view} lists={lists} />
      </div>
    </NamesContext>
  );
}

type OfProps = { workspaceId: string; view: View; lists: ReturnType<typeof useNames> };

function BoardOf({ workspaceId, view, lists }: OfProps) {
  const { t } = useTranslation("board");
  usePageTitle(t("title"));
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const by = readBy(search.by);
  const navigate = useNavigate();
  const [filter, setFilter] = useFilter();
  const inOrder = useMemo(() => ({ ...filter, sort: "position" as const }), [filter]);
  const { tasks, text } = useFiltered(view, inOrder);
  const columns = useColumns(tasks, by, lists);
  const [closed, toggle] = useClosed(workspaceId, by);
  const editable = can.edit(useRole(workspaceId));
  const pending = useSameSet(view.pending);
  const current = useCallback((id: string) => view.tasks.get(id), [view.tasks]);
  const drop = useDrop(workspaceId, by);
  const open = useCallback(
    (task: Task) => {
      if (task.number === 0) return;
      navigate({ to: ".", search: ((s: object) => ({ ...s, task: task.number })) as never });
    },
    [navigate],
  );
  return (
    <>
      <div className={styles.top}>
        <h1 className={styles.heading}>{t("title")}</h1>
        <NativeSelect
          className={styles.by}
          aria-label={t("by.title")}
          data={BYS.map((value) => ({ value, label: t(`by.${value}`) }))}
          value={by}
          onChange={({ currentTarget: { value } }) =>
            navigate({ to: ".", search: ((s: object) => ({ ...s, by: value })) as never })
          }
        />
      </div>
      <FilterBar
        view={view}
        filter={filter}
        onChange={setFilter}
        count={tasks.length}
        text={text}
      />
      {view.state === "loading" ? (
        <BoardSkeleton />
      ) : (
        <Board
          key={`${workspaceId} ${by}`}
          columns={columns}
          by={by}
          editable={editable}
          pending={pending}
          closed={closed}
          current={current}
          onToggle={toggle}
          onOpen={open}
          onDrop={drop}
        />
      )}
    </>
  );
}

/** The columns; those that have not changed stay the same objects. */
function useColumns(tasks: readonly Task[], by: By, lists: OfProps["lists"]): readonly Column[] {
  const before = useRef<{ by: By; columns: readonly Column[] }>({ by, columns: [] });
  const columns = useMemo(() => {
    const known = before.current.by === by ? before.current.columns : [];
    return columnsOf(tasks, by, lists, known);
  }, [tasks, by, lists]);
  useEffect(() => {
    before.current = { by, columns };
  }, [by, columns]);
  return columns;
}

/** What dropping does. */
function useDrop(workspaceId: string, by: By) {
  const { t } = useTranslation("board");
  const nameOf = useColumnName(by);
  return useCallback(
    ({ task, from, to, at }: Drop) => {
      const patch = patchOfMove(task, by, from, to);
      const notice = t(from === to ? "notice.moved" : "notice.movedTo", {
        title: task.title,
        column: nameOf(to),
      });
      // In an empty column it stands wherever it stood.
      if (at.after === undefined && at.before === undefined) {
        updateTask(workspaceId, task, patch, notice);
      } else moveTask(workspaceId, task, at, patch, notice);
    },
    [workspaceId, by, nameOf, t],
  );
}

/** The same set until it has other members: a view has a new one each time. */
function useSameSet(next: ReadonlySet<string>): ReadonlySet<string> {
  const [kept, setKept] = useState(next);
  if (kept === next || (kept.size === next.size && [...next].every((id) => kept.has(id)))) {
    return kept;
  }
  setKept(next);
  return next;
}
