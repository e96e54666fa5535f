import { IconGripVertical } from "@tabler/icons-react";
import { type SyntheticEvent, use } from "react";
import type { Task } from "@/replica/model";
import { useList } from "./context";
import { DRAG_HINT, GripContext } from "./DragRows";
import classes from "./list.module.css";

/** What a task is dragged by: by pointer, by touch, or with Space and the arrows. */
export function Handle({ task, tabIndex }: { task: Task; tabIndex: number }) {
  const { t } = useList();
  const take = use(GripContext);
  const grip = (event: SyntheticEvent<HTMLElement>) =>
    take({ id: task.id, node: event.currentTarget, event });
  return (
    <button
      onMouseOver={grip}
      onFocus={grip}
      onMouseDown={grip}
      onTouchStart={grip}
      onKeyDown={grip}
      type="button"
      className={classes.handle}
      data-cell="move"
      tabIndex={tabIndex}
      aria-label={t("row.move", { title: task.title })}
      aria-describedby={DRAG_HINT}
    >
      <IconGripVertical size={16} aria-hidden />
    </button>
  );
}
