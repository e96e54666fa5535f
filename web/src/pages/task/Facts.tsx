import { Button, CloseButton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { api, data } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail } from "@/notices";
import { DuePicker } from "@/parts/DuePicker";
import { LabelPicker } from "@/parts/LabelPicker";
import { PersonPicker } from "@/parts/PersonPicker";
import { PriorityPicker } from "@/parts/PriorityPicker";
import { ProjectPicker } from "@/parts/ProjectPicker";
import { RecurrencePicker } from "@/parts/RecurrencePicker";
import { StatusPicker } from "@/parts/StatusPicker";
import { pull, updateTask } from "@/replica/actions";
import type { Patch, Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { useSurroundings } from "./context";
import { withDescendants } from "./family";
import { Moment } from "./Moment";
import { TaskLink } from "./TaskLink";
import styles from "./TaskPanel.module.css";
import { TaskPicker } from "./TaskPicker";

type Props = { task: Task; view: View; editable: boolean };

/** The fields of a task, each changed where it stands. */
export function Facts({ task, view, editable }: Props) {
  const { workspaceId, names, zone, language, me } = useSurroundings();
  const set = (patch: Patch) => updateTask(workspaceId, task, patch);
  const disabled = !editable;
  const closed = task.status === "completed" || task.status === "cancelled";
  const createLabel = async (name: string) => {
    try {
      const path = { w: workspaceId };
      const body = { name, color: null };
      const label = await data(
        api.POST("/api/v1/workspaces/{w}/labels", { params: { path }, body }),
      );
      await pull(workspaceId);
      set({ label_ids: [...task.label_ids, label.id] });
    } catch (error) {
      await fail(error);
    }
  };
  return (
    <>
      <div className={styles.facts}>
        <StatusPicker
          value={task.status}
          onChange={(status) => set({ status })}
          disabled={disabled}
        />
        <PriorityPicker
          value={task.priority}
          onChange={(priority) => set({ priority })}
          disabled={disabled}
        />
        <PersonPicker
          members={names.members}
          me={me}
          value={task.assignee_id}
          onChange={(assignee_id) => set({ assignee_id })}
          disabled={disabled}
        />
        <ProjectPicker
          projects={names.projects}
          value={task.project_id}
          onChange={(project_id) => set({ project_id })}
          disabled={disabled}
        />
        <DuePicker
          value={task.due_at}
          onChange={(due_at) => set(due_at === null ? { due_at, recurrence: null } : { due_at })}
          timeZone={zone}
          language={language}
          closed={closed}
          disabled={disabled}
        />
        <RecurrencePicker
          value={task.recurrence}
          onChange={(recurrence) => set({ recurrence })}
          dueAt={task.due_at}
          timeZone={zone}
          language={language}
          disabled={disabled || task.due_at === null}
        />
        <div className={styles.wide}>
          <LabelPicker
            labels={names.labels}
            values={task.label_ids}
            onChange={(label_ids) => set({ label_ids })}
            onCreate={(name) => void createLabel(name)}
            disabled={disabled}
          />
        </div>
      </div>
      <Parent task={task} view={view} editable={editable} />
      <Origin task={task} />
    </>
  );
}

/** Which task it belongs to. */
function Parent({ task, view, editable }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const [choosing, setChoosing] = useState(false);
  const parent = task.parent_id === null ? undefined : view.tasks.get(task.parent_id);
  const without = useMemo(
    () => (choosing ? withDescendants(view.tasks, task.id) : new Set<string>()),
    [choosing, view, task.id],
  );
  const set = (parent_id: string | null) => {
    updateTask(workspaceId, task, { parent_id });
    setChoosing(false);
  };
  if (choosing) {
    return (
      <TaskPicker
        view={view}
        without={without}
        label={t("parent.choose")}
        onPick={(other) => set(other.id)}
        onCancel={() => setChoosing(false)}
      />
    );
  }
  if (parent === undefined) {
    if (!editable) return null;
    return (
      <div>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setChoosing(true)}
        >
          {t("parent.add")}
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.item}>
      <span className={styles.quiet}>{t("parent.of")}</span>
      <TaskLink task={parent} />
      {editable && (
        <Button size="compact-sm" variant="subtle" onClick={() => setChoosing(true)}>
          {t("parent.change")}
        </Button>
      )}
      {editable && (
        <CloseButton size="sm" aria-label={t("parent.remove")} onClick={() => set(null)} />
      )}
    </div>
  );
}

/** Who made it, and when it was changed. */
function Origin({ task }: { task: Task }) {
  const { t } = useTranslation("task");
  const { names } = useSurroundings();
  const maker = task.created_by === null ? undefined : names.member.get(task.created_by)?.name;
  return (
    <p className={styles.quiet}>
      {maker === undefined ? t("origin.created") : t("origin.createdBy", { name: maker })}{" "}
      <Moment iso={task.created_at} />
      {" · "}
      {t("origin.updated")} <Moment iso={task.updated_at} />
    </p>
  );
}
