import { FocusTrap } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useCallback, useEffect, useRef } from "react";
import { useTranslation } from "@/i18n/words";
import { useFocusReturned } from "@/parts/focus";
import { InPanel } from "./panel";
import styles from "./TaskPanel.module.css";
import { TaskView } from "./TaskView";

export type TaskPanelProps = { workspaceId: string; number: number; onClose: () => void };

const PHONE = "(max-width: 48em)";
// What Escape closes before it closes the panel.
const ABOVE = '[role="dialog"]:not([data-task-panel]), [role="menu"], [role="listbox"]';

/** A task beside the page, or over it on a phone. */
export function TaskPanel({ workspaceId, number, onClose }: TaskPanelProps) {
  const { t } = useTranslation("task");
  const phone = useMediaQuery(PHONE, undefined, { getInitialValueInEffect: false }) === true;
  const panel = useRef<HTMLDivElement>(null);
  useFocusReturned();
  useEscape(onClose);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another task takes the focus too
  useEffect(() => {
    if (!panel.current?.contains(document.activeElement)) panel.current?.focus();
    panel.current?.scrollTo({ top: 0 });
  }, [number, workspaceId]);

  // Over the page on a phone, beside it elsewhere.
  const as = phone
    ? { role: "dialog", "aria-modal": true, "aria-label": t("panel.label", { number }) }
    : { role: "complementary", "aria-label": t("panel.label", { number }) };
  return (
    <FocusTrap active={phone} innerRef={panel}>
      <div className={styles.panel} tabIndex={-1} data-task-panel {...as}>
        <InPanel value>
          <TaskView
            key={`${workspaceId} ${number}`}
            workspaceId={workspaceId}
            number={number}
            onClose={onClose}
          />
        </InPanel>
      </div>
    </FocusTrap>
  );
}

/** Escape closes, unless it closes something on top of the panel. */
function useEscape(onClose: () => void): void {
  const close = useRef(onClose);
  useEffect(() => {
    close.current = onClose;
  });
  const covered = useRef(false);
  const look = useCallback((event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    // What is closed may stay in the document, hidden.
    covered.current = [...document.querySelectorAll(ABOVE)].some((one) => one.checkVisibility());
  }, []);
  const act = useCallback((event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
    if (!covered.current) close.current();
  }, []);
  useEffect(() => {
    // What lies on top may be gone when the key has come up to the document.
    document.addEventListener("keydown", look, true);
    document.addEventListener("keydown", act);
    return () => {
      document.removeEventListener("keydown", look, true);
      document.removeEventListener("keydown", act);
    };
  }, [look, act]);
}
