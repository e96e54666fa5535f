import { Button, Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { ErrorNote } from "@/parts/ErrorNote";
import { addComment, editComment, removeComment } from "@/replica/actions";
import { can, usePendingComments } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { MarkdownEditor } from "@/text/markdown/MarkdownEditor";
import { CommentItem } from "./CommentItem";
import { merged } from "./comments";
import { useSurroundings } from "./context";
import { useComments } from "./queries";
import styles from "./TaskPanel.module.css";

/** What people have said about the task, the first one first. */
export function Comments({ task }: { task: Task }) {
  const { t } = useTranslation("task");
  const { workspaceId, names, role, me } = useSurroundings();
  const query = useComments(workspaceId, task.id);
  const pending = usePendingComments(workspaceId, task.id);
  const [editing, setEditing] = useState<string | null>(null);
  const shown = useMemo(() => {
    const known = query.data?.pages.flatMap((page) => page.items) ?? [];
    return merged(known, pending, me);
  }, [query.data, pending, me]);
  return (
    <div className={styles.comments}>
      {query.isPending && <Skeleton height={72} />}
      {query.isError && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && shown.length === 0 && (
        <p className={styles.quiet}>
          {t(can.comment(role) ? "comments.none" : "comments.noneRead")}
        </p>
      )}
      <ol className={styles.list}>
        {shown.map((comment) => (
          <CommentItem
            key={comment.id}
            comment={comment}
            editing={editing === comment.id}
            onEdit={() => setEditing(comment.id)}
            onCancel={() => setEditing(null)}
            onSave={(body) => {
              editComment(workspaceId, task.id, comment.id, body);
              setEditing(null);
            }}
            onRemove={() =>
              removeComment(workspaceId, task.id, comment.id, t("notice.commentRemoved"))
            }
          />
        ))}
      </ol>
      {query.hasNextPage && (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t("comments.more")}
        </Button>
      )}
      {can.comment(role) && (
        <MarkdownEditor
          label={t("comments.write")}
          placeholder={t("comments.write")}
          draftKey={`comment:${workspaceId}:${task.id}`}
          members={names.members}
          workspace={workspaceId}
          minRows={2}
          submitLabel={t("comments.send")}
          onSubmit={(body) => addComment(workspaceId, task.id, body)}
        />
      )}
    </div>
  );
}
