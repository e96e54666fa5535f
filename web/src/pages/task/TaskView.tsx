import { Button, Tabs } from "@mantine/core";
import { IconTrash, IconZoomQuestion } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import { useNames } from "@/parts/filters/names";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { usePageTitle } from "@/parts/pageTitle";
import { can, useLanguage, useMe, useRole, useView, useWorkspaces, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { Comments } from "./Comments";
import { TaskContext, type TaskSurroundings, useSurroundings } from "./context";
import { Description } from "./Description";
import { Facts } from "./Facts";
import { Head } from "./Head";
import { History } from "./History";
import { Relations } from "./Relations";
import { Reminders } from "./Reminders";
import { SubTasks } from "./SubTasks";
import styles from "./TaskPanel.module.css";
import { Title } from "./Title";

type Props = {
  workspaceId: string;
  number: number;
  /** Closes the panel; a page has none. */
  onClose?: () => void;
  /** Where to go once the task has been removed from here. */
  onRemoved?: () => void;
};

/** A task with all that belongs to it, whether it stands in the panel or on a page. */
export function TaskView({ workspaceId, number, onClose, onRemoved }: Props) {
  const { t } = useTranslation("task");
  const view = useView(workspaceId);
  const task = useShown(view, number);
  const name = `#${number} ${task.now?.title ?? ""}`.trim();
  // Beside another page it is a part of that.
  usePageTitle(onClose === undefined ? name : undefined);
  const names = useNames(view);
  const role = useRole(workspaceId);
  const zone = useZone();
  const language = useLanguage();
  const me = useMe()?.id ?? "";
  const surroundings = useMemo<TaskSurroundings>(
    () => ({ workspaceId, names, role, zone, language, me }),
    [workspaceId, names, role, zone, language, me],
  );
  const workspaces = useWorkspaces();
  // Of a workspace that one is not in, nothing will ever come.
  const foreign = workspaces.length > 0 && workspaces.every(({ id }) => id !== workspaceId);
  if (view.state === "loading" && task.now === undefined && !foreign)
    return <PageSkeleton shape="text" />;
  if (task.now === undefined) {
    const was = task.last;
    return (
      <EmptyState
        icon={was ? <IconTrash size={40} /> : <IconZoomQuestion size={40} />}
        title={was ? t("gone.title", { title: was.title }) : t("none.title", { number })}
        text={t(was ? "gone.text" : "none.text")}
        action={onClose && <Button onClick={onClose}>{t("close")}</Button>}
      />
    );
  }
  return (
    <TaskContext value={surroundings}>
      <TaskBody task={task.now} view={view} onClose={onClose} onRemoved={onRemoved ?? onClose} />
    </TaskContext>
  );
}

/** The task of that number, and what it last was: by then it may have been removed. */
function useShown(view: View, number: number): { now: Task | undefined; last: Task | undefined } {
  const now = useMemo(() => {
    for (const task of view.tasks.values()) if (task.number === number) return task;
    return undefined;
  }, [view, number]);
  const [last, setLast] = useState(now);
  if (now !== undefined && now !== last) setLast(now);
  return { now, last };
}

type BodyProps = {
  task: Task;
  view: View;
  onClose: (() => void) | undefined;
  onRemoved: (() => void) | undefined;
};

function TaskBody({ task, view, onClose, onRemoved }: BodyProps) {
  const { t } = useTranslation("task");
  const { role } = useSurroundings();
  const [tab, setTab] = useState<string | null>("comments");
  const editable = can.edit(role);
  return (
    <div className={styles.task}>
      <Head
        task={task}
        pending={view.pending.has(task.id)}
        editable={editable}
        onClose={onClose}
        onRemoved={onRemoved}
      />
      <Title task={task} editable={editable} />
      <Facts task={task} view={view} editable={editable} />
      <Description task={task} editable={editable} />
      <SubTasks task={task} view={view} editable={editable} />
      <Relations task={task} view={view} editable={editable} />
      <Reminders task={task} />
      <Tabs value={tab} onChange={setTab} keepMounted={false} className={styles.tabs ?? ""}>
        <Tabs.List>
          <Tabs.Tab value="comments">{t("tabs.comments")}</Tabs.Tab>
          <Tabs.Tab value="history">{t("tabs.history")}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="comments">
          <Comments task={task} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History task={task} view={view} editable={editable} />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
