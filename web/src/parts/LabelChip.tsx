import { IconX } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { readableOn, rgb } from "./colours";
import styles from "./LabelChip.module.css";

type Props = {
  name: string;
  color?: string | null;
  /** Puts a button on it that takes the label away. */
  onRemove?: (() => void) | undefined;
};

const EACH = 3;

/** The first labels, as many as there is room for in letters; one at least. */
export function thatFit<L extends { name: string }>(labels: readonly L[], room: number): L[] {
  let left = room;
  return labels.filter(({ name }, i) => {
    left -= name.length + EACH;
    return i === 0 || left >= 0;
  });
}

export function LabelChip({ name, color = null, onRemove }: Props) {
  const { t } = useTranslation("parts");
  const known = color !== null && rgb(color) !== null;
  return (
    <span
      className={styles.chip}
      style={known ? { background: color, color: readableOn(color) } : undefined}
    >
      <bdi className={styles.name} title={name}>
        {name}
      </bdi>
      {onRemove && (
        <button
          type="button"
          className={styles.remove}
          aria-label={t("label.remove", { name })}
          onClick={onRemove}
        >
          <IconX size={12} aria-hidden />
        </button>
      )}
    </span>
  );
}
