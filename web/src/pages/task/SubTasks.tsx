import { Checkbox, CloseButton, Progress, Text } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { QuickAddHere } from "@/parts/QuickAdd/QuickAddHere";
import { updateTask } from "@/replica/actions";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { useSurroundings } from "./context";
import { childrenOf, doneOf } from "./family";
import { Section } from "./Section";
import { TaskLink } from "./TaskLink";
import styles from "./TaskPanel.module.css";

type Props = { task: Task; view: View; editable: boolean };

/** What has to be done for this task: ticked, and added by typing. */
export function SubTasks({ task, view, editable }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const children = useMemo(() => childrenOf(view.tasks, task.id), [view, task.id]);
  const done = doneOf(children);
  if (children.length === 0 && !editable) return null;
  const progress = children.length > 0 && (
    <Text size="sm" c="dimmed">
      {t("subTasks.progress", { done, count: children.length })}
    </Text>
  );
  return (
    <Section title={t("subTasks.title")} action={progress}>
      {children.length > 0 && (
        <>
          <Progress
            value={(100 * done) / children.length}
            size="sm"
            aria-label={t("subTasks.progress", { done, count: children.length })}
          />
          <ul className={styles.list}>
            {children.map((child) => (
              <SubTask key={child.id} task={child} editable={editable} />
            ))}
          </ul>
        </>
      )}
      {editable && (
        <QuickAddHere
          workspaceId={workspaceId}
          placeholder={t("subTasks.add")}
          defaults={{ parent_id: task.id, project_id: task.project_id }}
        />
      )}
    </Section>
  );
}

function SubTask({ task, editable }: { task: Task; editable: boolean }) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const done = task.status === "completed";
  return (
    <li className={styles.item}>
      <Checkbox
        checked={done}
        disabled={!editable}
        aria-label={t("subTasks.tick", { title: task.title })}
        onChange={() => updateTask(workspaceId, task, { status: done ? "pending" : "completed" })}
      />
      <TaskLink task={task} />
      {editable && (
        <CloseButton
          size="sm"
          aria-label={t("subTasks.detach", { title: task.title })}
          title={t("subTasks.detach", { title: task.title })}
          onClick={() =>
            updateTask(
              workspaceId,
              task,
              { parent_id: null },
              t("notice.detached", { title: task.title }),
            )
          }
        />
      )}
    </li>
  );
}
