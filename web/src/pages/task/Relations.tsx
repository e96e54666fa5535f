import { Button, CloseButton, NativeSelect, Skeleton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { ErrorNote } from "@/parts/ErrorNote";
import { useOpener } from "@/parts/focus";
import { pull } from "@/replica/actions";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { useSurroundings } from "./context";
import { relationsKey, useRelations } from "./queries";
import { Section } from "./Section";
import { TaskLink } from "./TaskLink";
import styles from "./TaskPanel.module.css";
import { TaskPicker } from "./TaskPicker";

type Relation = Schemas["RelationOut"];
type Kind = Relation["kind"];
const KINDS: readonly Kind[] = [
  "blocked_by",
  "blocks",
  "relates_to",
  "duplicates",
  "duplicated_by",
];

type Props = { task: Task; view: View; editable: boolean };

/** What the task blocks, what it waits for, what it repeats. */
export function Relations({ task, view, editable }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const query = useRelations(workspaceId, task.id);
  const [adding, setAdding] = useState(false);
  const opener = useOpener(adding);
  const writes = useRelationWrites(workspaceId, task.id);
  const relations = query.data ?? [];
  const without = useMemo(
    () => new Set([task.id, ...(query.data ?? []).map((one) => one.task_id)]),
    [task.id, query.data],
  );
  const button = editable && !adding && (
    <Button
      ref={opener}
      size="compact-sm"
      variant="subtle"
      leftSection={<IconPlus size={14} aria-hidden />}
      onClick={() => setAdding(true)}
    >
      {t("relations.add")}
    </Button>
  );
  if (!editable && query.isSuccess && relations.length === 0) return null;
  return (
    <Section title={t("relations.title")} action={button}>
      {query.isPending && <Skeleton height={24} />}
      {query.isError && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {KINDS.filter((kind) => relations.some((one) => one.kind === kind)).map((kind) => (
        <div key={kind}>
          <p className={styles.kind} id={`${task.id}-${kind}`}>
            {t(`relations.${kind}`)}
          </p>
          <ul className={styles.list} aria-labelledby={`${task.id}-${kind}`}>
            {relations
              .filter((one) => one.kind === kind)
              .map((one) => (
                <RelatedTask
                  key={one.task_id}
                  task={view.tasks.get(one.task_id)}
                  onRemove={editable ? () => void writes.remove(one) : undefined}
                />
              ))}
          </ul>
        </div>
      ))}
      {adding && (
        <AddRelation
          view={view}
          without={without}
          onAdd={(kind, other) => {
            setAdding(false);
            void writes.add(kind, other);
          }}
          onCancel={() => setAdding(false)}
        />
      )}
    </Section>
  );
}

type RelatedProps = { task: Task | undefined; onRemove: (() => void) | undefined };

function RelatedTask({ task, onRemove }: RelatedProps) {
  const { t } = useTranslation("task");
  return (
    <li className={styles.item}>
      {task === undefined ? <span>{t("relations.unknown")}</span> : <TaskLink task={task} />}
      {onRemove && (
        <CloseButton
          size="sm"
          aria-label={t("relations.remove", { title: task?.title ?? "" })}
          onClick={onRemove}
        />
      )}
    </li>
  );
}

type AddProps = {
  view: View;
  without: ReadonlySet<string>;
  onAdd: (kind: Kind, other: Task) => void;
  onCancel: () => void;
};

function AddRelation({ view, without, onAdd, onCancel }: AddProps) {
  const { t } = useTranslation("task");
  const [kind, setKind] = useState<Kind>("blocked_by");
  const [asked, setAsked] = useState(true);
  const chooser = useOpener(asked);
  return (
    <div className={styles.adding}>
      <NativeSelect
        aria-label={t("relations.kind")}
        value={kind}
        onChange={(event) => {
          setKind(event.currentTarget.value as Kind);
          setAsked(true);
        }}
        data={KINDS.map((value) => ({ value, label: t(`relations.${value}`) }))}
      />
      {asked ? (
        <TaskPicker
          view={view}
          without={without}
          label={t("relations.other")}
          onPick={(other) => onAdd(kind, other)}
          onCancel={() => setAsked(false)}
        />
      ) : (
        <Button ref={chooser} variant="default" onClick={() => setAsked(true)}>
          {t("relations.choose")}
        </Button>
      )}
      <CloseButton aria-label={t("cancel")} onClick={onCancel} />
    </div>
  );
}

/** Written to the server directly: relations are not in the replica. */
function useRelationWrites(workspaceId: string, taskId: string) {
  const { t } = useTranslation("task");
  const client = useQueryClient();
  const again = async () => {
    await client.invalidateQueries({ queryKey: relationsKey(workspaceId, taskId) });
    await pull(workspaceId);
  };
  const takeBack = async (seq: number) => {
    try {
      await api.POST("/api/v1/workspaces/{w}/undo", {
        params: { path: { w: workspaceId } },
        body: { seq },
      });
      await again();
    } catch (error) {
      await fail(error);
    }
  };
  const add = async (kind: Kind, other: Task) => {
    try {
      await api.POST("/api/v1/workspaces/{w}/tasks/{id}/relations", {
        params: { path: { w: workspaceId, id: taskId } },
        body: { kind, task_id: other.id },
      });
      await again();
    } catch (error) {
      await fail(error);
    }
  };
  const remove = async ({ kind, task_id }: Relation) => {
    try {
      const { response } = await api.DELETE(
        "/api/v1/workspaces/{w}/tasks/{id}/relations/{kind}/{task_id}",
        { params: { path: { w: workspaceId, id: taskId, kind, task_id } } },
      );
      const seq = Number(response.headers.get("Tidework-Seq"));
      tell({ text: t("notice.relationRemoved"), undo: () => void takeBack(seq) });
      await again();
    } catch (error) {
      await fail(error);
    }
  };
  return { add, remove };
}
