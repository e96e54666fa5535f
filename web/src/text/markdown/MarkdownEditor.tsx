import { Button, Group, Tabs, Text, Textarea } from "@mantine/core";
import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { nextItem } from "./edits";
import { Markdown } from "./Markdown";
import styles from "./MarkdownEditor.module.css";
import { MentionList, optionId } from "./MentionList";
import type { Person } from "./mentions";
import { Toolbar } from "./Toolbar";
import { edited, KEYS, type Tool } from "./tools";
import { type Drafts, useDraft } from "./useDraft";
import { useMentions } from "./useMentions";
import { useTextarea } from "./useTextarea";

/** What the server takes of a description or a comment. */
export const LONGEST = 65_536;
// From here on it says how much is left.
const NEAR = 1_000;
const NOBODY: readonly Person[] = [];

export type MarkdownEditorProps = {
  /** What the text is: read to those who cannot see where it stands. */
  label: string;
  initial?: string;
  /** Takes the text; the draft goes once it is through. What it throws keeps the text here. */
  onSubmit: (text: string) => unknown;
  /** Closes the editor; what was typed is kept as a draft. */
  onCancel?: (() => void) | undefined;
  /** What the draft is of, such as `comment:<task>`; without it nothing is kept. */
  draftKey?: string | undefined;
  members?: readonly Person[] | undefined;
  workspace?: string | undefined;
  placeholder?: string | undefined;
  submitLabel?: string | undefined;
  /** Whether nothing is a text too, as it is of a description. */
  allowEmpty?: boolean;
  autoFocus?: boolean;
  minRows?: number;
  longest?: number;
  drafts?: Drafts;
};

/** A text in Markdown being typed: with preview, mentions, and a draft that survives. */
export function MarkdownEditor(props: MarkdownEditorProps) {
  const { label, initial = "", onSubmit, onCancel, draftKey, members = NOBODY } = props;
  const { t } = useTranslation("markdown");
  const id = useId();
  const [tab, setTab] = useState<string | null>("write");
  const [sending, setSending] = useState(false);
  const draft = useDraft(draftKey, initial, props.drafts);
  const field = useTextarea(draft.change);
  const mentions = useMentions(field, members);
  // What the server counts: characters, not halves of surrogate pairs.
  const left = (props.longest ?? LONGEST) - characters(draft.text, props.longest ?? LONGEST);
  const ready = left >= 0 && !sending && (props.allowEmpty === true || draft.text.trim() !== "");

  const submit = async () => {
    if (!ready) return;
    setSending(true);
    try {
      await onSubmit(draft.text);
      draft.drop();
    } catch {
      // Who was given the text says what went wrong with it; here it stays.
    } finally {
      setSending(false);
    }
  };
  const use = (tool: Tool) => field.edit(edited(tool, t("editor.linkText")));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || mentions.key(event)) return;
    const command = event.ctrlKey || event.metaKey;
    const tool = command && !event.shiftKey && !event.altKey ? KEYS[event.key.toLowerCase()] : null;
    if (command && event.key === "Enter") void submit();
    else if (tool) use(tool);
    else if (event.key === "Escape" && onCancel) onCancel();
    else if (event.key !== "Enter" || event.shiftKey || !field.edit(nextItem)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className={styles.editor}>
      <Tabs value={tab} onChange={setTab} keepMounted>
        <Group className={styles.head ?? ""} justify="space-between" gap="xs">
          <Tabs.List>
            <Tabs.Tab value="write">{t("editor.write")}</Tabs.Tab>
            <Tabs.Tab value="preview">{t("editor.preview")}</Tabs.Tab>
          </Tabs.List>
          <Toolbar onUse={use} disabled={tab !== "write"} controls={id} />
        </Group>
        <Tabs.Panel value="write" className={styles.write ?? ""}>
          <Textarea
            id={id}
            ref={field.ref}
            aria-label={label}
            aria-autocomplete={members.length > 0 ? "list" : undefined}
            aria-controls={mentions.open ? `${id}-list` : undefined}
            aria-activedescendant={
              mentions.open ? optionId(`${id}-list`, mentions.active) : undefined
            }
            aria-describedby={left < NEAR ? `${id}-left` : undefined}
            aria-invalid={left < 0 || undefined}
            dir="auto"
            autosize
            minRows={props.minRows ?? 4}
            maxRows={24}
            placeholder={props.placeholder}
            data-autofocus={props.autoFocus || undefined}
            autoFocus={props.autoFocus}
            value={draft.text}
            onChange={(event) => {
              draft.change(event.currentTarget.value);
              mentions.look();
            }}
            onKeyDown={onKeyDown}
            onBlur={mentions.close}
            onClick={mentions.look}
          />
          <MentionList id={`${id}-list`} mentions={mentions} />
        </Tabs.Panel>
        <Tabs.Panel value="preview" className={styles.preview ?? ""}>
          {tab === "preview" && draft.text.trim() !== "" && (
            <Markdown source={draft.text} members={members} workspace={props.workspace} />
          )}
          {draft.text.trim() === "" && <Text c="dimmed">{t("editor.nothing")}</Text>}
        </Tabs.Panel>
      </Tabs>
      <Group justify="space-between" gap="xs">
        <div className={styles.notes}>
          {draft.restored && (
            <Text size="sm" role="status">
              {t("editor.restored")}{" "}
              <Button size="compact-sm" variant="subtle" onClick={draft.drop}>
                {t("editor.discard")}
              </Button>
            </Text>
          )}
          {left < NEAR && <Left id={`${id}-left`} left={left} />}
        </div>
        <Group gap="xs">
          {onCancel && (
            <Button variant="default" size="sm" onClick={onCancel}>
              {t("editor.cancel")}
            </Button>
          )}
          <Button size="sm" loading={sending} disabled={!ready} onClick={() => void submit()}>
            {props.submitLabel ?? t("editor.save")}
          </Button>
        </Group>
      </Group>
    </div>
  );
}

function Left({ id, left }: { id: string; left: number }) {
  const { t, i18n } = useTranslation("markdown");
  const count = Math.abs(left);
  const number = count.toLocaleString(i18n.language);
  return (
    <Text id={id} size="sm" c={left < 0 ? "red.8" : "dimmed"} aria-live="polite">
      {t(left < 0 ? "editor.over" : "editor.left", { count, number })}
    </Text>
  );
}

/** How many characters a text has; exactly only where that can matter. */
function characters(text: string, longest: number): number {
  return text.length < longest - NEAR ? text.length : [...text].length;
}
