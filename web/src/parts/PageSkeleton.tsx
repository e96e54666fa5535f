import { Skeleton, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import styles from "./PageSkeleton.module.css";

type Props = {
  /** What comes: rows under each other, columns of cards, blocks beside each other, or a text. */
  shape?: "list" | "board" | "tiles" | "text";
  rows?: number;
};

const HEIGHTS = { list: 44, board: 92, tiles: 132, text: 16 } as const;

/** Has the size of the page that is coming, so that nothing moves when it is there. */
export function PageSkeleton({ shape = "list", rows = 12 }: Props) {
  const { t } = useTranslation("parts");
  const columns = shape === "board" ? 4 : 1;
  return (
    <div className={styles.page} data-shape={shape} role="status">
      <VisuallyHidden>{t("loading")}</VisuallyHidden>
      {numbers(columns).map((column) => (
        <div key={column} className={styles.column} aria-hidden>
          {numbers(columns > 1 ? Math.max(1, rows / 2 - column) : rows).map((row) => (
            <Skeleton key={row} height={HEIGHTS[shape]} width={width(shape, row)} />
          ))}
        </div>
      ))}
    </div>
  );
}

const numbers = (count: number) => Array.from({ length: Math.floor(count) }, (_, index) => index);

// Lines of a text end where they end.
const width = (shape: string, row: number) =>
  shape === "text" ? `${95 - ((row * 37) % 40)}%` : "100%";
