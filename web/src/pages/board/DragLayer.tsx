import {
  type CollisionDetection,
  DndContext,
  DragOverlay,
  MouseSensor,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { type ReactNode, useCallback, useRef } from "react";
import type { Gripping } from "@/parts/dragging/grip";
import { Hold } from "@/parts/dragging/Hold";
import { SILENT } from "@/parts/dragging/silent";

type Props = Pick<Gripping, "onReady"> & {
  onLift: () => void;
  /** The pointer, with a card, is here. */
  onOver: (x: number, y: number) => void;
  onDrop: () => void;
  onCancel: () => void;
  /** The card in the hand. */
  children: ReactNode;
};

// A card stands where a transform puts it, which dnd-kit would take off before it measures.
const MEASURING = {
  draggable: { measure: (card: HTMLElement) => card.getBoundingClientRect() },
};
const MOUSE = { activationConstraint: { distance: 5 } };
const LONG_PRESS = { activationConstraint: { delay: 220, tolerance: 8 } };

/** Drags cards by pointer. */
export default function DragLayer({ onReady, onOver, children, ...on }: Props) {
  const sensors = useSensors(useSensor(MouseSensor, MOUSE), useSensor(TouchSensor, LONG_PRESS));
  const pointer = useRef<{ x: number; y: number } | null>(null);
  // dnd-kit knows where the pointer is; where a card lands is computed from the columns.
  const hold = useCallback<CollisionDetection>(({ pointerCoordinates }) => {
    pointer.current = pointerCoordinates;
    return [];
  }, []);
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={hold}
      measuring={MEASURING}
      accessibility={SILENT}
      onDragStart={on.onLift}
      onDragMove={() => {
        if (pointer.current !== null) onOver(pointer.current.x, pointer.current.y);
      }}
      onDragEnd={on.onDrop}
      onDragCancel={on.onCancel}
    >
      <Hold onReady={onReady} />
      <DragOverlay dropAnimation={null}>{children}</DragOverlay>
    </DndContext>
  );
}
