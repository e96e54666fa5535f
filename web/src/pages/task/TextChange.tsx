import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { lineDiff, shortened } from "@/parts/lineDiff";
import styles from "./TaskPanel.module.css";

// More than anybody reads at once.
const MOST_LINES = 400;

/** How a long text was changed: its lines, those that stayed left out. */
export function TextChange({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation("task");
  const [open, setOpen] = useState(false);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t(before === "" ? "history.textAdded" : "history.textChanged")}</summary>
      {open && <Lines before={before} after={after} />}
    </details>
  );
}

function Lines({ before, after }: { before: string; after: string }) {
  const { t } = useTranslation("task");
  const lines = useMemo(
    () =>
      before === ""
        ? after.split("\n").map((text) => ({ kind: "mine" as const, text }))
        : shortened(lineDiff(before, after)),
    [before, after],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls can be focused.
    <section className={styles.diff} aria-label={t("history.difference")} tabIndex={0}>
      {lines.slice(0, MOST_LINES).map((line, index) => {
        if (line.kind === "skipped") {
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other name.
            <div key={index} data-kind="skipped">
              {t("history.unchanged", { count: line.count })}
            </div>
          );
        }
        const Text = line.kind === "mine" ? "ins" : line.kind === "theirs" ? "del" : "span";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other name.
          <div key={index} dir="auto">
            <Text>
              {{ mine: "+ ", theirs: "− ", same: "  " }[line.kind]}
              {line.text}
            </Text>
          </div>
        );
      })}
    </section>
  );
}
