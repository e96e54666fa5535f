import { useDraggable } from "@dnd-kit/core";
import type { Task } from "@/replica/model";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";
import { TaskLine } from "./TaskLine";

type Props = { task: Task; stop: boolean; carried: boolean; look: "chip" | "line" };

/** A task that the pointer can pick up. What it shows is not drawn again while something is dragged. */
export function DragTask({ task, stop, carried, look }: Props) {
  const { editable } = useCalendar();
  const { setNodeRef, listeners } = useDraggable({
    id: task.id,
    data: { task },
    disabled: !editable,
  });
  return (
    <div
      ref={setNodeRef}
      {...listeners}
      className={styles.drag}
      data-carried={carried || undefined}
    >
      <TaskLine task={task} look={look} stop={stop} />
    </div>
  );
}
