import { TextInput, UnstyledButton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import styles from "./BoardPage.module.css";

/** A new task at the end of a column: Enter makes it and waits for the next one. */
export function AddTask({ name, onAdd }: { name: string; onAdd: (title: string) => void }) {
  const { t } = useTranslation("board");
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState("");
  const button = useRef<HTMLButtonElement>(null);

  const close = () => {
    setOpen(false);
    requestAnimationFrame(() => button.current?.focus());
  };

  if (!open) {
    return (
      <UnstyledButton
        ref={button}
        className={styles.add}
        onClick={() => setOpen(true)}
        aria-label={t("add.to", { name })}
      >
        <IconPlus size={16} aria-hidden /> {t("add.short")}
      </UnstyledButton>
    );
  }
  return (
    <form
      className={styles.adding}
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = title.trim();
        if (wanted === "") return close();
        onAdd(wanted);
        setTitle("");
      }}
    >
      <TextInput
        data-autofocus
        autoFocus
        value={title}
        enterKeyHint="done"
        aria-label={t("add.to", { name })}
        placeholder={t("add.title")}
        onChange={(event) => setTitle(event.currentTarget.value)}
        onBlur={() => title.trim() === "" && setOpen(false)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          close();
        }}
      />
    </form>
  );
}
