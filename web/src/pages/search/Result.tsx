import { useNavigate } from "@tanstack/react-router";
import { type MouseEvent, memo } from "react";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { DueDate } from "@/parts/DueDate";
import { isOpen, marked, type Names } from "@/parts/filters";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { PriorityIcon } from "@/parts/PriorityIcon";
import { StatusBadge } from "@/parts/StatusBadge";
import { useLanguage, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import classes from "./search.module.css";

type Props = { task: Task; words: readonly string[]; excerpt: string | null; names: Names };

/** A task that was found, and where the words are in it. */
export const Result = memo(function Result({ task, words, excerpt, names }: Props) {
  const { t } = useTranslation("search");
  const navigate = useNavigate();
  const [zone, language] = [useZone(), useLanguage()];
  const project = names.project.get(task.project_id ?? "");
  const person = names.member.get(task.assignee_id ?? "");
  const look = (event: MouseEvent) => {
    // With Ctrl or Cmd the browser opens the task's own page in another tab.
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (task.number === 0) return tell({ text: t("unsent") });
    void navigate({
      to: ".",
      search: ((search: object) => ({ ...search, task: task.number })) as never,
      resetScroll: false,
    });
  };
  return (
    <li className={classes.result} data-open={isOpen(task)}>
      <a
        className={classes.title}
        href={`/w/${task.workspace_id}/t/${task.number}`}
        dir="auto"
        onClick={look}
      >
        <Marked text={task.title} words={words} />
      </a>
      {excerpt !== null && (
        <p className={classes.excerpt} dir="auto">
          <Marked text={excerpt} words={words} />
        </p>
      )}
      <div className={classes.facts}>
        <span>{task.number === 0 ? "…" : `#${task.number}`}</span>
        <StatusBadge status={task.status} size={14} />
        <PriorityIcon priority={task.priority} size={14} />
        {project && <bdi>{project.name}</bdi>}
        {person && (
          <span className={classes.person}>
            <PersonAvatar id={person.user_id} name={person.name} size={18} decorative />
            <bdi>{person.name}</bdi>
          </span>
        )}
        {task.due_at !== null && (
          <DueDate iso={task.due_at} timeZone={zone} language={language} closed={!isOpen(task)} />
        )}
      </div>
    </li>
  );
});

function Marked({ text, words }: { text: string; words: readonly string[] }) {
  let at = 0;
  return marked(text, words).map((piece) => {
    const key = at;
    at += piece.text.length;
    return piece.hit ? <mark key={key}>{piece.text}</mark> : <span key={key}>{piece.text}</span>;
  });
}
