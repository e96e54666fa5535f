import { NativeSelect } from "@mantine/core";
import { IconBeach } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import { useMatchContext } from "@/parts/filters/useFiltered";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { usePageTitle } from "@/parts/pageTitle";
import { QuickAddHere, QuickAddRoom } from "@/parts/QuickAdd/QuickAddHere";
import { useShortcuts } from "@/parts/shortcuts";
import { can, useLooking, useViews, useWorkspaces } from "@/replica/hooks";
import type { Workspace } from "@/replica/model";
import { horizon } from "@/time/due";
import classes from "./my-tasks.module.css";
import { SectionList } from "./SectionList";
import { inSections, mine, SECTIONS, type Sections } from "./sections";

// Streams that are kept open; the other workspaces are asked now and then.
const MOST_LIVE = 5;

/** What one has to do, in whichever workspace. */
export function MyTasksPage() {
  const { t } = useTranslation("my-tasks");
  usePageTitle(t("title"));
  const workspaces = useWorkspaces();
  const { sections, loading } = useMine();
  useRowKeys();
  const empty = SECTIONS.every((name) => sections[name].length === 0);
  return (
    <div className={classes.page}>
      <h1 className={classes.heading}>{t("title")}</h1>
      {workspaces.slice(0, MOST_LIVE).map(({ id }) => (
        <Looking key={id} id={id} />
      ))}
      <Add workspaces={workspaces} />
      {empty && loading && <PageSkeleton />}
      {empty && !loading && (
        <EmptyState icon={<IconBeach />} title={t("empty.title")} text={t("empty.text")} />
      )}
      {!empty &&
        SECTIONS.map((name) => <SectionList key={name} name={name} tasks={sections[name]} />)}
    </div>
  );
}

function useMine(): { sections: Sections; loading: boolean } {
  const views = useViews();
  const { me, zone, now, weekStart = 1 } = useMatchContext();
  const sections = useMemo(() => {
    const tasks = views.flatMap((view) => (view.state === "gone" ? [] : mine(view, me)));
    return inSections(tasks, horizon(now, zone, weekStart), zone);
  }, [views, me, zone, now, weekStart]);
  const loading = me === "" || views.length === 0 || views.some(({ state }) => state === "loading");
  return { sections, loading };
}

function Looking({ id }: { id: string }) {
  useLooking(id);
  return null;
}

function Add({ workspaces }: { workspaces: readonly Workspace[] }) {
  const { t } = useTranslation("my-tasks");
  const [chosen, setChosen] = useState<string | null>(null);
  const open = workspaces.filter(({ role }) => can.edit(role));
  const personal = open.find((one) => one.personal);
  const id = chosen ?? personal?.id ?? open[0]?.id;
  // Until it is known whether there is a workspace to add to.
  if (id === undefined) return workspaces.length === 0 ? <QuickAddRoom /> : null;
  return (
    <div className={classes.add}>
      <div className={classes.typing}>
        <QuickAddHere key={id} workspaceId={id} />
      </div>
      {open.length > 1 && (
        <NativeSelect
          className={classes.into}
          aria-label={t("into")}
          value={id}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          data={open.map((one) => ({
            value: one.id,
            label: one.personal ? t("personal") : one.name,
          }))}
        />
      )}
    </div>
  );
}

/** j and k go from task to task, x ticks the one where one is. */
function useRowKeys(): void {
  const { t } = useTranslation("my-tasks");
  const rows = () => [...document.querySelectorAll<HTMLElement>("[data-my-task]")];
  const here = () => document.activeElement?.closest<HTMLElement>("[data-my-task]") ?? null;
  const go = (by: number) => () => {
    const all = rows();
    const row = here();
    const at = row === null ? (by > 0 ? -1 : 0) : all.indexOf(row);
    all[at + by]?.querySelector<HTMLElement>("a")?.focus();
  };
  useShortcuts(t("title"), [
    { keys: "j", label: t("keys.down"), run: go(1), rows: true },
    { keys: "k", label: t("keys.up"), run: go(-1), rows: true },
    { keys: "x", label: t("keys.complete"), run: () => here()?.querySelector("button")?.click() },
  ]);
}
