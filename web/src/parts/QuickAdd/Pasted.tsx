import { Button, Group } from "@mantine/core";
import type { TFunction } from "i18next";
import styles from "./QuickAdd.module.css";

type Props = {
  lines: readonly string[];
  t: TFunction;
  onEach: () => void;
  onOne: () => void;
  onCancel: () => void;
};

const SHOWN = 3;
// Or a dialogue around it would close.
const KEEPS_ESCAPE = { "data-mantine-stop-propagation": true };

/** Asks what a pasted list is to become. */
export function Pasted({ lines, t, onEach, onOne, onCancel }: Props) {
  const count = lines.length;
  return (
    <fieldset
      className={styles.pasted}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onCancel();
      }}
    >
      <legend>{t("pasted", { count })}</legend>
      <ul className={styles.lines}>
        {lines.slice(0, SHOWN).map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines may be alike, and never move.
          <li key={index} dir="auto">
            {line.slice(0, 200)}
          </li>
        ))}
        {count > SHOWN && <li>{t("more", { count: count - SHOWN })}</li>}
      </ul>
      <Group gap="xs">
        <Button size="xs" data-autofocus autoFocus {...KEEPS_ESCAPE} onClick={onEach}>
          {t("addEach", { count })}
        </Button>
        <Button size="xs" variant="default" {...KEEPS_ESCAPE} onClick={onOne}>
          {t("addOne")}
        </Button>
        <Button size="xs" variant="subtle" {...KEEPS_ESCAPE} onClick={onCancel}>
          {t("cancel")}
        </Button>
      </Group>
    </fieldset>
  );
}
