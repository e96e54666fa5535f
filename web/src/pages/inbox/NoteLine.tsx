import {
  IconAlarm,
  IconAt,
  IconBellRinging,
  IconCircleCheck,
  IconClockExclamation,
  IconFileDownload,
  IconMessage,
  type IconProps,
  IconShieldCheck,
  IconUserMinus,
  IconUserPlus,
  IconUsersPlus,
  IconWebhook,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useTranslation } from "@/i18n/words";
import { useLanguage, useZone } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { formatAgo, formatDueLong, formatMoment, localeFor } from "@/time/format";
import styles from "./inbox.module.css";
import { countOf, dueOf, excerptOf, type Note, roleOf, tasksOf, workspaceOf } from "./note";
import { TaskLink } from "./TaskLink";

const ICONS: Record<Note["kind"], ComponentType<IconProps>> = {
  assigned: IconUserPlus,
  unassigned: IconUserMinus,
  mentioned: IconAt,
  commented: IconMessage,
  completed: IconCircleCheck,
  due_soon: IconAlarm,
  overdue: IconClockExclamation,
  reminder: IconBellRinging,
  added: IconUsersPlus,
  role_changed: IconShieldCheck,
  webhook_disabled: IconWebhook,
  report_ready: IconFileDownload,
};

/** One thing that happened, as a sentence. */
export function NoteLine({ note, onOpen }: { note: Note; onOpen: () => void }) {
  const { t } = useTranslation("inbox");
  const zone = useZone();
  const locale = localeFor(useLanguage());
  const Icon = ICONS[note.kind] ?? IconBellRinging;
  const sentence = useSentence(note);
  const tasks = tasksOf(note);
  const excerpt = excerptOf(note);
  const at = Date.parse(note.created_at);
  return (
    <li className={styles.line} data-unread={note.read_at === null || undefined}>
      <Icon size={18} className={styles.icon} aria-hidden />
      <div className={styles.said}>
        <p className={styles.sentence}>
          <bdi>{sentence}</bdi>{" "}
          <time
            className={styles.time}
            dateTime={note.created_at}
            title={formatMoment(at, locale, zone, "full")}
          >
            {formatAgo(note.created_at, nowMs(), locale, zone)}
          </time>
          {note.read_at === null ? <span className={styles.dot}>{t("new")}</span> : null}
        </p>
        {excerpt ? (
          <blockquote className={styles.excerpt} dir="auto">
            {excerpt}
          </blockquote>
        ) : null}
        {tasks.length > 0 && note.workspace_id !== null ? (
          <ul className={styles.tasks}>
            {tasks.map(({ id, number, title }) => (
              <li key={id}>
                <TaskLink workspaceId={note.workspace_id ?? ""} number={number} onOpen={onOpen}>
                  <span className={styles.number}>#{number}</span> <bdi>{title}</bdi>
                </TaskLink>
              </li>
            ))}
            {countOf(note) > tasks.length ? (
              <li>{t("andMore", { count: countOf(note) - tasks.length })}</li>
            ) : null}
          </ul>
        ) : null}
      </div>
    </li>
  );
}

const BY_DATE = new Set<Note["kind"]>(["due_soon", "overdue", "reminder"]);

function useSentence(note: Note): string {
  const { t } = useTranslation("inbox");
  const zone = useZone();
  const locale = localeFor(useLanguage());
  const role = roleOf(note);
  const due = dueOf(note);
  const values = {
    actor: note.actor_name ?? t("somebody"),
    workspace: workspaceOf(note),
    role: role ? t(`roles.${role}`, { defaultValue: role }) : "",
  };
  const count = countOf(note);
  if (count > 0) return t([`many.${note.kind}`, "many.other"], { ...values, count });
  const said = t([`kinds.${note.kind}`, "kinds.other"], values);
  if (!BY_DATE.has(note.kind) || due === "") return said;
  return `${said} · ${t("due", { moment: formatDueLong(due, locale, zone) })}`;
}
