import { Skeleton } from "@mantine/core";
import styles from "./BoardPage.module.css";

const COLUMNS = ["a", "b", "c", "d"];
const CARDS = ["a", "b", "c"];

/** As large as the board that comes. */
export function BoardSkeleton() {
  return (
    <div className={styles.board} aria-busy="true">
      {COLUMNS.map((column) => (
        <div key={column} className={styles.column}>
          <div className={styles.head}>
            <Skeleton height={16} width="50%" />
          </div>
          <div className={styles.scroll}>
            {CARDS.map((card) => (
              <Skeleton key={card} className={styles.ghost} />
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}
