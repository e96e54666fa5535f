import { ActionIcon } from "@mantine/core";
import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, memo } from "react";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { DueDate } from "@/parts/DueDate";
import { isOpen } from "@/parts/filters/matching";
import { PriorityIcon } from "@/parts/PriorityIcon";
import { updateTask } from "@/replica/actions";
import { can, useLanguage, useView, useWorkspaces, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import classes from "./my-tasks.module.css";

/** One task: tick it, or open it. */
export const MyTask = memo(function MyTask({ task }: { task: Task }) {
  const { t } = useTranslation("my-tasks");
  const [zone, language, navigate] = [useZone(), useLanguage(), useNavigate()];
  const { workspace_id: w, title } = task;
  const workspace = useWorkspaces().find(({ id }) => id === w);
  const open = isOpen(task);
  const tick = (event: MouseEvent<HTMLElement>) => {
    keepPlace(event.currentTarget);
    if (open) updateTask(w, task, { status: "completed" }, t("completed", { title }));
    else updateTask(w, task, { status: "pending" }, t("reopened", { title }));
  };
  const look = (event: MouseEvent) => {
    // With Ctrl or Cmd the browser opens the task's own page in another tab.
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (task.number === 0) return tell({ text: t("unsent") });
    const search = { task: `${w}/${task.number}` };
    void navigate({ to: "/my-tasks", search, resetScroll: false });
  };
  return (
    <li className={classes.task} data-my-task data-open={open}>
      {workspace !== undefined && can.edit(workspace.role) && (
        <ActionIcon
          variant="subtle"
          radius="xl"
          size={32}
          aria-label={t(open ? "complete" : "reopen", { title })}
          onClick={tick}
        >
          {open ? (
            <IconCircle size={20} aria-hidden />
          ) : (
            <IconCircleCheckFilled size={20} aria-hidden />
          )}
        </ActionIcon>
      )}
      <a className={classes.title} href={`/w/${w}/t/${task.number}`} dir="auto" onClick={look}>
        {title}
      </a>
      <span className={classes.facts}>
        {workspace !== undefined && !workspace.personal && (
          <bdi className={classes.where}>{workspace.name}</bdi>
        )}
        <Project task={task} />
        {(task.priority === "urgent" || task.priority === "high") && (
          <PriorityIcon priority={task.priority} />
        )}
        {task.due_at !== null && (
          <DueDate
            iso={task.due_at}
            timeZone={zone}
            language={language}
            closed={!open}
            repeats={task.recurrence !== null}
          />
        )}
      </span>
    </li>
  );
});

function Project({ task }: { task: Task }) {
  const { head } = useView(task.workspace_id);
  const project = head?.projects.find(({ id }) => id === task.project_id);
  return project === undefined ? null : <bdi className={classes.where}>{project.name}</bdi>;
}

/** The row goes away with the focus in it: let the keyboard be at the next one, or the one before. */
function keepPlace(button: HTMLElement): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-my-task]")];
  const at = rows.findIndex((row) => row.contains(button));
  const next = rows[at + 1] ?? rows[at - 1];
  next?.querySelector("button")?.focus();
}
