import { Button, Text, Textarea } from "@mantine/core";
import { use, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { updateTask } from "@/replica/actions";
import type { Task } from "@/replica/model";
import { tooMany } from "@/replica/titles";
import { useSurroundings } from "./context";
import { InPanel } from "./panel";
import styles from "./TaskPanel.module.css";

/** The title, edited where it stands. */
export function Title({ task, editable }: { task: Task; editable: boolean }) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const Heading = use(InPanel) ? "h2" : "h1";
  // The task as it was when somebody began to type: what they change is that one.
  const [typed, setTyped] = useState<{ text: string; from: Task } | null>(null);
  if (!editable) {
    return (
      <Heading className={styles.title} dir="auto">
        {task.title}
      </Heading>
    );
  }
  const over = tooMany(typed?.text ?? "");
  const save = () => {
    // It stays as it was typed, with what is wrong beside it.
    if (over > 0) return;
    const text = typed?.text.trim() ?? "";
    if (typed !== null && text !== "") updateTask(workspaceId, typed.from, { title: text });
    setTyped(null);
  };
  const changed = typed !== null && typed.from.title !== task.title;
  return (
    <div>
      <Heading className={styles.hidden}>{task.title}</Heading>
      <Textarea
        aria-label={t("title")}
        classNames={{ input: styles.titleInput ?? "" }}
        variant="unstyled"
        autosize
        dir="auto"
        value={typed?.text ?? task.title}
        aria-invalid={typed?.text.trim() === "" || over > 0 || undefined}
        error={over > 0 && t("titleLong", { count: over })}
        onChange={(event) => {
          const text = event.currentTarget.value.replace(/[\r\n]+/g, " ");
          setTyped((before) => ({ text, from: before?.from ?? task }));
        }}
        onBlur={save}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter") {
            event.preventDefault();
            event.currentTarget.blur();
          } else if (event.key === "Escape" && typed !== null) {
            event.stopPropagation();
            setTyped(null);
          }
        }}
      />
      {changed && (
        <Text size="sm" role="status">
          {t("titleChanged", { title: task.title })}{" "}
          <Button
            size="compact-sm"
            variant="light"
            // Before the field is left, which would save what was typed.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => setTyped(null)}
          >
            {t("takeTheirs")}
          </Button>
        </Text>
      )}
    </div>
  );
}
