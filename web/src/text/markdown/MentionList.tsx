import { Paper, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { PersonAvatar } from "@/parts/PersonAvatar";
import styles from "./MarkdownEditor.module.css";
import type { Mentions } from "./useMentions";

export const optionId = (list: string, index: number) => `${list}-${index}`;

/** The members that may be meant, below the caret; the focus stays in the text. */
export function MentionList({ id, mentions }: { id: string; mentions: Mentions }) {
  const { t } = useTranslation("markdown");
  const { open, active, take } = mentions;
  return (
    <>
      <VisuallyHidden role="status">
        {open && t("editor.found", { count: open.options.length })}
      </VisuallyHidden>
      {open && (
        <Paper
          className={styles.suggestions ?? ""}
          style={{ insetBlockStart: open.place.block, insetInlineStart: open.place.inline }}
          id={id}
          role="listbox"
          aria-label={t("editor.suggestions")}
          shadow="md"
          withBorder
        >
          {open.options.map(({ person }, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the text field takes the keys.
            // biome-ignore lint/a11y/useFocusableInteractive: it is the active descendant of the field.
            <div
              key={person.user_id}
              id={optionId(id, index)}
              className={styles.suggestion}
              role="option"
              aria-selected={index === active}
              // The field must not lose the focus before the click has come.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => take(index)}
            >
              <PersonAvatar id={person.user_id} name={person.name} size={24} decorative />
              <span>
                <bdi>{person.name}</bdi>
                {person.email && <small>{person.email}</small>}
              </span>
            </div>
          ))}
        </Paper>
      )}
    </>
  );
}
