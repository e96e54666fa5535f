import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useTranslation } from "@/i18n/words";
import type { Task } from "@/replica/model";
import styles from "./calendar.module.css";
import { DragTask } from "./DragTask";
import type { Carry } from "./useCarry";

const LINE_PX = 44;

type Props = { tasks: readonly Task[]; carry: Carry | null; id: string };

/** The tasks without a due date: from here onto a day, and from a day back. */
export function Tray({ tasks, carry, id }: Props) {
  const { t } = useTranslation("calendar");
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: 6,
  });
  return (
    <aside
      id={id}
      className={styles.tray}
      aria-label={t("tray.title")}
      data-day="none"
      data-target={carry?.target === "none" || undefined}
    >
      <h2 className={styles.trayTitle}>
        {t("tray.title")}{" "}
        <span className={styles.count}>{t("count", { count: tasks.length })}</span>
      </h2>
      {tasks.length === 0 ? (
        <p className={styles.nothing}>{t("tray.empty")}</p>
      ) : (
        <div ref={scroller} className={styles.trayTasks}>
          <ul style={{ blockSize: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const task = tasks[index];
              return (
                task && (
                  <li
                    key={task.id}
                    style={{ transform: `translateY(${start}px)` }}
                    aria-setsize={tasks.length}
                    aria-posinset={index + 1}
                  >
                    <DragTask task={task} stop carried={carry?.taskId === task.id} look="line" />
                  </li>
                )
              );
            })}
          </ul>
        </div>
      )}
    </aside>
  );
}
