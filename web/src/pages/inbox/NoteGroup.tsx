import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { useTranslation } from "@/i18n/words";
import { type Group, unreadOf } from "./grouping";
import styles from "./inbox.module.css";
import { NoteLine } from "./NoteLine";
import { linkOf, type Note, numberOf, reportOf, titleOf, workspaceOf } from "./note";
import { TaskLink } from "./TaskLink";

type Props = { group: Group; onRead: (ids: string[]) => void };

/** What is told of one task on one day: its name, which opens it, and what happened. */
export const NoteGroup = memo(function NoteGroup({ group, onRead }: Props) {
  const { t } = useTranslation("inbox");
  const [newest] = group.notes;
  const unread = unreadOf(group.notes);
  const read = () => {
    if (unread.length > 0) onRead(unread);
  };
  return (
    <li className={styles.group} data-unread={unread.length > 0 || undefined}>
      <div className={styles.about}>
        <h3 className={styles.subject}>
          <Subject note={newest} onOpen={read} />
        </h3>
        {nameOf(newest, "") === workspaceOf(newest) ? null : (
          <span className={styles.workspace} dir="auto">
            {workspaceOf(newest)}
          </span>
        )}
      </div>
      {unread.length > 0 ? (
        <Tooltip label={t("read")}>
          <ActionIcon
            className={styles.read ?? ""}
            variant="subtle"
            size={44}
            aria-label={t("readNamed", { title: nameOf(newest, t("workspace")) })}
            onClick={read}
          >
            <IconCheck size={20} aria-hidden />
          </ActionIcon>
        </Tooltip>
      ) : null}
      <ul className={styles.lines}>
        {group.notes.map((note) => (
          <NoteLine key={note.id} note={note} onOpen={read} />
        ))}
      </ul>
    </li>
  );
});

const nameOf = (note: Note, instead: string): string =>
  titleOf(note) || reportOf(note) || workspaceOf(note) || instead;

function Subject({ note, onOpen }: { note: Note; onOpen: () => void }) {
  const { t } = useTranslation("inbox");
  const name = nameOf(note, t("workspace"));
  const report = note.kind === "report_ready" ? linkOf(note) : null;
  if (report !== null) {
    return (
      <a href={report} rel="noreferrer" onClick={onOpen} dir="auto">
        {name}
      </a>
    );
  }
  if (note.workspace_id === null) return name;
  const number = numberOf(note);
  if (number > 0) {
    return (
      <TaskLink workspaceId={note.workspace_id} number={number} onOpen={onOpen}>
        <span className={styles.number}>#{number}</span> <bdi>{name}</bdi>
      </TaskLink>
    );
  }
  const to = note.kind === "webhook_disabled" ? "/w/$workspace/settings" : "/w/$workspace/list";
  return (
    <Link to={to} params={{ workspace: note.workspace_id }} onClick={onOpen} dir="auto">
      {name}
    </Link>
  );
}
