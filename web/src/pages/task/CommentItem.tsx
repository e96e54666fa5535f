import { Button } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { useOpener } from "@/parts/focus";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { can } from "@/replica/hooks";
import { Markdown } from "@/text/markdown/Markdown";
import { MarkdownEditor } from "@/text/markdown/MarkdownEditor";
import type { ShownComment } from "./comments";
import { useSurroundings } from "./context";
import { Moment } from "./Moment";
import styles from "./TaskPanel.module.css";

type Props = {
  comment: ShownComment;
  editing: boolean;
  onEdit: () => void;
  onCancel: () => void;
  onSave: (body: string) => void;
  onRemove: () => void;
};

export function CommentItem({ comment, editing, onEdit, onCancel, onSave, onRemove }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId, names, role, me } = useSurroundings();
  const opener = useOpener(editing);
  const own = comment.author_id === me;
  const author =
    comment.author_id === null
      ? t("nobody")
      : (names.member.get(comment.author_id)?.name ?? t("formerMember"));
  const mayEdit = own && can.comment(role);
  const mayRemove = mayEdit || can.manage(role);
  return (
    <li className={styles.comment}>
      <PersonAvatar id={comment.author_id ?? ""} name={author} decorative />
      <article className={styles.commentBody}>
        <header className={styles.commentHead}>
          <bdi className={styles.author}>{author}</bdi>
          {comment.created_at !== null && <Moment iso={comment.created_at} />}
          {comment.edited && <span>{t("comments.edited")}</span>}
          {comment.waiting && <span role="status">{t("waiting")}</span>}
        </header>
        {editing ? (
          <MarkdownEditor
            label={t("comments.editLabel")}
            initial={comment.body}
            draftKey={`comment-edit:${workspaceId}:${comment.id}`}
            members={names.members}
            workspace={workspaceId}
            autoFocus
            minRows={2}
            submitLabel={t("save")}
            onSubmit={onSave}
            onCancel={onCancel}
          />
        ) : (
          <Markdown
            source={comment.body}
            workspace={workspaceId}
            members={names.members}
            me={me}
            onChange={mayEdit ? onSave : undefined}
          />
        )}
        {!editing && (mayEdit || mayRemove) && (
          <footer className={styles.commentActions}>
            {mayEdit && (
              <Button ref={opener} size="compact-xs" variant="subtle" onClick={onEdit}>
                {t("comments.edit")}
              </Button>
            )}
            {mayRemove && (
              <Button size="compact-xs" variant="subtle" color="red" onClick={onRemove}>
                {t("comments.remove")}
              </Button>
            )}
          </footer>
        )}
      </article>
    </li>
  );
}
