import { useDraggable } from "@dnd-kit/core";
import { IconGripVertical } from "@tabler/icons-react";
import type { Task } from "@/replica/model";
import { useList } from "./context";
import classes from "./list.module.css";

/** What a task is dragged by: by pointer, by touch, or with Space and the arrows. */
export function Handle({ task, tabIndex }: { task: Task; tabIndex: number }) {
  const { t } = useList();
  const { attributes, listeners, setNodeRef } = useDraggable({ id: task.id });
  return (
    <button
      {...attributes}
      {...listeners}
      ref={setNodeRef}
      type="button"
      className={classes.handle}
      data-cell="move"
      tabIndex={tabIndex}
      aria-label={t("row.move", { title: task.title })}
    >
      <IconGripVertical size={16} aria-hidden />
    </button>
  );
}
