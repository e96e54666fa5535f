import { ActionIcon, Badge, CloseButton, Menu } from "@mantine/core";
import { IconArrowsMaximize, IconCopy, IconDots, IconLink, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { createTask, deleteTasks } from "@/replica/actions";
import { useOnline, useText } from "@/replica/hooks";
import type { Patch, Task } from "@/replica/model";
import { useSurroundings } from "./context";
import styles from "./TaskPanel.module.css";

type Props = {
  task: Task;
  pending: boolean;
  editable: boolean;
  onClose: (() => void) | undefined;
  onRemoved: (() => void) | undefined;
};

/** Which task it is, whether it has been sent, and what can be done with all of it. */
export function Head({ task, pending, editable, onClose, onRemoved }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const online = useOnline();
  const { text } = useText(workspaceId, task);
  const remove = () => {
    deleteTasks(workspaceId, [task], t("notice.removed", { title: task.title }));
    onRemoved?.();
  };
  const duplicate = () => {
    createTask(workspaceId, copyOf(task, text ?? "", t), t("notice.copied"));
  };
  return (
    <div className={styles.head}>
      <span className={styles.number}>{task.number > 0 ? `#${task.number}` : t("new")}</span>
      {pending && (
        <Badge variant="light" color="gray" role="status">
          {t(online ? "waiting" : "waitingOffline")}
        </Badge>
      )}
      {!pending && !online && (
        <Badge variant="light" color="gray" role="status">
          {t("offline")}
        </Badge>
      )}
      <span className={styles.space} />
      <CopyLink workspaceId={workspaceId} number={task.number} />
      {onClose && task.number > 0 && (
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={t("actions.page")}
          title={t("actions.page")}
          renderRoot={(props) => (
            <Link
              to="/w/$workspace/t/$number"
              params={{ workspace: workspaceId, number: String(task.number) }}
              {...props}
            />
          )}
        >
          <IconArrowsMaximize size={18} aria-hidden />
        </ActionIcon>
      )}
      {editable && (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={t("actions.more")}>
              <IconDots size={18} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} onClick={duplicate}>
              {t("actions.duplicate")}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconTrash size={16} aria-hidden />}
              color="red"
              onClick={remove}
            >
              {t("actions.remove")}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {onClose && <CloseButton aria-label={t("close")} onClick={onClose} />}
    </div>
  );
}

const LONGEST_TITLE = 200;

type Translate = (key: string, values: Record<string, string>) => string;

/** Another one like it, still to be done. */
function copyOf(task: Task, description: string, t: Translate): Patch & { title: string } {
  return {
    title: t("copyOf", { title: task.title }).slice(0, LONGEST_TITLE),
    description,
    priority: task.priority,
    due_at: task.due_at,
    project_id: task.project_id,
    parent_id: task.parent_id,
    assignee_id: task.assignee_id,
    label_ids: [...task.label_ids],
  };
}

function CopyLink({ workspaceId, number }: { workspaceId: string; number: number }) {
  const { t } = useTranslation("task");
  if (number === 0) return null;
  const copy = async () => {
    const link = `${location.origin}/w/${workspaceId}/t/${number}`;
    // There on https and loopback only.
    if (!("clipboard" in navigator)) return tell({ text: link });
    try {
      await navigator.clipboard.writeText(link);
      tell({ text: t("notice.linkCopied"), tone: "good" });
    } catch (error) {
      if (error instanceof DOMException) tell({ text: link });
      else await fail(error);
    }
  };
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={t("actions.copyLink")}
      title={t("actions.copyLink")}
      onClick={() => void copy()}
    >
      <IconLink size={18} aria-hidden />
    </ActionIcon>
  );
}
