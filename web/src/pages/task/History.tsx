import { Button, Skeleton } from "@mantine/core";
import { Fragment, type ReactNode, useMemo } from "react";
import type { Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { ErrorNote } from "@/parts/ErrorNote";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { ruleInWords } from "@/parts/recurrence";
import { updateTask } from "@/replica/actions";
import type { Patch, Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { nowMs } from "@/time/clock";
import { formatDue, localeFor } from "@/time/format";
import { useSurroundings } from "./context";
import { type HistoryNames, type Said, takenBack, wordsOf } from "./history";
import { Moment } from "./Moment";
import { useHistory } from "./queries";
import styles from "./TaskPanel.module.css";
import { TextChange } from "./TextChange";

type Entry = Schemas["HistoryEntry"];
type Props = { task: Task; view: View; editable: boolean };

/** Who has changed what, and when, the first change first. */
export function History({ task, view, editable }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const query = useHistory(workspaceId, task.id);
  const names = useHistoryNames(view);
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className={styles.comments}>
      {query.isPending && <Skeleton height={120} />}
      {query.isError && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      <ol className={styles.list}>
        {entries.map((entry, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an import has several changes in one commit, in their order
          <HistoryItem key={`${entry.seq} ${i}`} entry={entry} names={names}>
            {editable && !query.hasNextPage && (
              <TakeBack task={task} patch={takenBack(entries, i, task)} />
            )}
          </HistoryItem>
        ))}
      </ol>
      {query.hasNextPage && (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("history.more")}
        </Button>
      )}
    </div>
  );
}

function useHistoryNames(view: View): HistoryNames {
  const { t } = useTranslation(["task", "parts"]);
  const { names, zone, language } = useSurroundings();
  return useMemo(
    () => ({
      status: (value) => t(`parts:status.${value}`),
      priority: (value) => t(`parts:priority.${value}`),
      member: (id) => names.member.get(id)?.name ?? t("formerMember"),
      project: (id) => names.project.get(id)?.name ?? t("history.removedProject"),
      label: (id) => names.label.get(id)?.name ?? t("history.removedLabel"),
      task: (id) => {
        const other = view.tasks.get(id);
        return other === undefined ? t("history.removedTask") : `#${other.number} ${other.title}`;
      },
      time: (iso) => formatDue(iso, nowMs(), localeFor(language), zone),
      recurrence: (value) =>
        ruleInWords((value as { rule?: string }).rule ?? "", t, localeFor(language)),
    }),
    [names, zone, language, view.tasks, t],
  );
}

function TakeBack({ task, patch }: { task: Task; patch: Patch | null }) {
  const { t } = useTranslation("task");
  if (patch === null) return null;
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      onClick={() => updateTask(task.workspace_id, task, patch, t("history.takenBack"))}
    >
      {t("history.takeBack")}
    </Button>
  );
}

type ItemProps = { entry: Entry; names: HistoryNames; children: ReactNode };

function HistoryItem({ entry, names, children }: ItemProps) {
  const { t } = useTranslation("task");
  const said = useMemo(() => wordsOf(entry, names), [entry, names]);
  if (entry.op === "update" && said.length === 0) return null;
  const actor = entry.actor_id === null ? t("history.nobody") : names.member(entry.actor_id);
  return (
    <li className={styles.comment}>
      <PersonAvatar id={entry.actor_id ?? ""} name={actor} decorative />
      <div className={styles.commentBody}>
        <div className={styles.commentHead}>
          <bdi className={styles.author}>{actor}</bdi>
          {entry.op !== "update" && <span>{t(`history.${entry.op}`)}</span>}
          <Moment iso={entry.at} />
          {children}
        </div>
        {said.length > 0 && (
          <dl className={styles.changes}>
            {said.map((one) => (
              <Fragment key={one.field}>
                <dt>{t(`fields.${one.field}`)}</dt>
                <dd>
                  <Change said={one} />
                </dd>
              </Fragment>
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

function Change({ said }: { said: Said }) {
  const { t } = useTranslation("task");
  switch (said.kind) {
    case "moved":
      return t("history.moved");
    case "text":
      return <TextChange before={said.before} after={said.after} />;
    case "list":
      return (
        <>
          {said.added.map((name) => (
            <ins key={`+${name}`}>
              <bdi>+ {name}</bdi>
            </ins>
          ))}
          {said.removed.map((name) => (
            <del key={`-${name}`}>
              <bdi>− {name}</bdi>
            </del>
          ))}
        </>
      );
    case "value":
      return (
        <>
          {said.before !== null && (
            <>
              <del>
                <bdi>{said.before}</bdi>
              </del>{" "}
              <span aria-hidden className={styles.arrow}>
                →
              </span>{" "}
            </>
          )}
          {said.after === null ? (
            t("history.empty")
          ) : (
            <ins>
              <bdi>{said.after}</bdi>
            </ins>
          )}
        </>
      );
  }
}
