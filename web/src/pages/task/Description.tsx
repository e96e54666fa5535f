import { Alert, Button, Skeleton } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { ConflictDialog } from "@/parts/ConflictDialog";
import { ErrorNote } from "@/parts/ErrorNote";
import type { NamesOf } from "@/parts/fieldWords";
import { useOpener } from "@/parts/focus";
import { updateTask } from "@/replica/actions";
import { dropDraft, keepDraft, readDraft } from "@/replica/drafts";
import { useText } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { Markdown } from "@/text/markdown/Markdown";
import { MarkdownEditor } from "@/text/markdown/MarkdownEditor";
import { useSurroundings } from "./context";
import { Section } from "./Section";
import styles from "./TaskPanel.module.css";

type Props = { task: Task; editable: boolean };

/** The description: drawn, and edited with a draft that survives. */
export function Description({ task, editable }: Props) {
  const { t } = useTranslation("task");
  const { workspaceId, names, me } = useSurroundings();
  const { text, failed } = useText(workspaceId, task);
  const keys = keysOf(workspaceId, task.id);
  const [editing, setEditing] = useState(false);
  const opener = useOpener(editing);
  useDraftReopens(keys.draft, editable, setEditing);

  const save = (description: string) => {
    updateTask(workspaceId, task, { description });
    void dropDraft(keys.base);
    setEditing(false);
  };
  const button = editable && !editing && text !== undefined && (
    <Button
      ref={opener}
      size="compact-sm"
      variant="subtle"
      leftSection={<IconPencil size={14} aria-hidden />}
      onClick={() => setEditing(true)}
    >
      {t("description.edit")}
    </Button>
  );
  return (
    <Section title={t("description.title")} action={button}>
      {failed !== undefined && <ErrorNote error={failed} />}
      {text === undefined && failed === undefined && <Skeleton height={64} />}
      {text !== undefined && !editing && (
        <Shown text={text} editable={editable} onEdit={() => setEditing(true)}>
          <Markdown
            source={text}
            workspace={workspaceId}
            members={names.members}
            me={me}
            onChange={editable ? save : undefined}
          />
        </Shown>
      )}
      {text !== undefined && editing && (
        <Editing
          task={task}
          text={text}
          keys={keys}
          onSave={save}
          onClose={() => setEditing(false)}
        />
      )}
    </Section>
  );
}

type Keys = { draft: string; base: string };

const keysOf = (workspaceId: string, taskId: string): Keys => ({
  draft: `description:${workspaceId}:${taskId}`,
  // What the text was that the draft began with.
  base: `description-base:${workspaceId}:${taskId}`,
});

/** A draft that was left behind opens the editor again. */
function useDraftReopens(key: string, editable: boolean, open: (editing: boolean) => void): void {
  useEffect(() => {
    if (!editable) return;
    let here = true;
    void readDraft(key).then((kept) => {
      if (here && kept !== undefined) open(true);
    });
    return () => {
      here = false;
    };
  }, [key, editable, open]);
}

type ShownProps = { text: string; editable: boolean; onEdit: () => void; children: ReactNode };

function Shown({ text, editable, onEdit, children }: ShownProps) {
  const { t } = useTranslation("task");
  if (text.trim() !== "") return children;
  if (!editable) return <p className={styles.quiet}>{t("description.none")}</p>;
  return (
    <button type="button" className={styles.invite} onClick={onEdit}>
      {t("description.invite")}
    </button>
  );
}

// A description has no ids in it.
const NO_NAMES: NamesOf = {
  person: () => undefined,
  project: () => undefined,
  label: () => undefined,
  task: () => undefined,
};

type EditingProps = {
  task: Task;
  text: string;
  keys: Keys;
  onSave: (text: string) => void;
  onClose: () => void;
};

function Editing({ task, text, keys, onSave, onClose }: EditingProps) {
  const { t } = useTranslation("task");
  const { workspaceId, names, zone, language } = useSurroundings();
  const base = useBase(keys, text);
  const [mine, setMine] = useState<string | null>(null);
  const changed = base !== undefined && base !== text;

  const submit = (typed: string) => {
    if (typed === text) return onClose();
    if (!changed) return onSave(typed);
    setMine(typed);
    // The editor keeps the text until it is decided.
    throw new Error("undecided");
  };
  const decide = (keepMine: boolean) => {
    if (keepMine && mine !== null) onSave(mine);
    else {
      void dropDraft(keys.base);
      onClose();
    }
    void dropDraft(keys.draft);
    setMine(null);
  };
  if (base === undefined) return <Skeleton height={120} />;
  return (
    <>
      {changed && (
        <Alert color="orange" role="status">
          {t("description.changed")}
        </Alert>
      )}
      <MarkdownEditor
        label={t("description.title")}
        initial={base}
        draftKey={keys.draft}
        members={names.members}
        workspace={workspaceId}
        allowEmpty
        autoFocus
        minRows={8}
        submitLabel={t("save")}
        onSubmit={submit}
        onCancel={onClose}
      />
      {mine !== null && (
        <ConflictDialog
          conflicts={[{ taskId: task.id, field: "description", mine, theirs: text }]}
          title={task.title}
          names={NO_NAMES}
          timeZone={zone}
          language={language}
          onResolve={([side]) => decide(side === "mine")}
          onClose={() => setMine(null)}
        />
      )}
    </>
  );
}

/** What the text was when somebody began to change it, also if that was before a reload. */
function useBase(keys: Keys, text: string): string | undefined {
  const [base, setBase] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: as it is at the beginning
  useEffect(() => {
    let here = true;
    void Promise.all([readDraft(keys.draft), readDraft(keys.base)]).then(([draft, kept]) => {
      if (!here) return;
      const goesOn = draft !== undefined && kept !== undefined;
      setBase(goesOn ? kept : text);
      if (!goesOn) void keepDraft(keys.base, text);
    });
    return () => {
      here = false;
    };
  }, [keys.draft, keys.base]);
  return base;
}
