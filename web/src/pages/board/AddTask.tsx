import { UnstyledButton } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type FocusEvent, type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { QuickAddHere } from "@/parts/QuickAdd/QuickAddHere";
import { useWorkspaceId } from "@/replica/hooks";
import styles from "./BoardPage.module.css";
import { type By, patchOfColumn } from "./columns";

type Props = { name: string; by: By; column: string; onDone: () => void };

/** A new task at the end of a column: Enter makes it and waits for the next one. */
export function AddTask({ name, by, column, onDone }: Props) {
  const { t } = useTranslation("board");
  const workspaceId = useWorkspaceId();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const defaults = useMemo(() => patchOfColumn(by, column), [by, column]);

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
  const leave = ({ currentTarget, relatedTarget }: FocusEvent) => {
    const typed = currentTarget.querySelector("input")?.value.trim() ?? "";
    if (typed === "" && !currentTarget.contains(relatedTarget)) setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    setOpen(false);
    requestAnimationFrame(() => button.current?.focus());
  };
  const done = (made: { number: number } | null) => {
    onDone();
    if (made === null) return;
    const search = ((before: object) => ({ ...before, task: made.number })) as never;
    void navigate({ to: ".", search, resetScroll: false });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the field in it
    <div className={styles.adding} onBlur={leave} onKeyDown={onKeyDown}>
      <QuickAddHere
        workspaceId={workspaceId}
        autoFocus
        label={t("add.to", { name })}
        placeholder={t("add.title")}
        defaults={defaults}
        onDone={done}
      />
    </div>
  );
}
