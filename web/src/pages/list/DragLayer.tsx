import {
  DndContext,
  type DragEndEvent,
  type DragMoveEvent,
  DragOverlay,
  KeyboardSensor,
  MouseSensor,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { useTranslation } from "@/i18n/words";
import type { Gripping } from "@/parts/dragging/grip";
import { Hold } from "@/parts/dragging/Hold";
import type { Task } from "@/replica/model";
import type { DragProps } from "./DragRows";
import classes from "./list.module.css";
import { isGroup, type Row } from "./rows";

type Props = DragProps & Pick<Gripping, "onReady">;

const PRESS_MS = 200;
const STEADY_PX = 6;

/** Drags rows. Where one lands is counted, since most rows are not drawn. */
export default function DragLayer(props: Props) {
  const { rows, height, headerHeight, scroller, drop, onDrop, onMove, onReady } = props;
  const { t } = useTranslation("list");
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: STEADY_PX } }),
    useSensor(TouchSensor, {
      activationConstraint: { delay: PRESS_MS, tolerance: STEADY_PX },
    }),
    useSensor(KeyboardSensor, {
      coordinateGetter: (event, { currentCoordinates: { x, y } }) => {
        if (event.code === "ArrowDown") return { x, y: y + height };
        if (event.code === "ArrowUp") return { x, y: y - height };
        return undefined;
      },
    }),
  );
  const indexOf = ({ active }: DragMoveEvent): number => {
    const box = scroller.current;
    const rect = active.rect.current.translated;
    if (box === null || rect === null) return 0;
    const middle = rect.top + rect.height / 2 - box.getBoundingClientRect().top;
    const index = Math.round((middle + box.scrollTop - headerHeight) / height);
    return Math.max(0, Math.min(rows.length, index));
  };
  const find = (id: unknown) => rows.find((row): row is Task => !isGroup(row) && row.id === id);
  const finish = (event: DragEndEvent) => {
    const task = find(event.active.id);
    // Let go in haste, it is further than what was drawn last.
    if (task !== undefined && drop !== null) onMove(task, indexOf(event));
    onDrop(null);
  };
  const dragged = drop === null ? undefined : find(drop.id);
  const place = () => ({ place: (drop?.index ?? 0) + 1, count: rows.length });
  return (
    <DndContext
      sensors={sensors}
      onDragStart={({ active }) =>
        onDrop({ id: String(active.id), index: rows.indexOf(find(active.id) as Row) })
      }
      onDragMove={(event) => {
        const index = indexOf(event);
        if (index !== drop?.index) onDrop({ id: String(event.active.id), index });
      }}
      onDragEnd={finish}
      onDragCancel={() => onDrop(null)}
      accessibility={{
        screenReaderInstructions: { draggable: "" },
        announcements: {
          onDragStart: ({ active }) => t("drag.begun", { title: find(active.id)?.title }),
          onDragMove: () => t("drag.over", place()),
          onDragOver: () => undefined,
          onDragEnd: () => t("drag.done", place()),
          onDragCancel: () => t("drag.cancelled"),
        },
      }}
    >
      <Hold onReady={onReady} />
      <DragOverlay dropAnimation={null}>
        {dragged && (
          <div className={classes.dragged} dir="auto">
            {dragged.title}
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}
