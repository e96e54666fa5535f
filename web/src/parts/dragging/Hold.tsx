import { useDraggable } from "@dnd-kit/core";
import { type RefObject, type SyntheticEvent, useLayoutEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Grip, Gripping } from "./grip";

type Listeners = Record<string, (event: SyntheticEvent) => void> | undefined;

const NAMES: Readonly<Record<string, string>> = {
  mousedown: "onMouseDown",
  touchstart: "onTouchStart",
  keydown: "onKeyDown",
};

/**
 * The one thing that can be dragged: where the hand is. What is drawn knows nothing of dnd-kit, and
 * is not drawn anew by it. Within a `DndContext`.
 */
export function Hold({ onReady }: Pick<Gripping, "onReady">) {
  const [held, setHeld] = useState<Grip | null>(null);
  const listeners = useRef<Listeners>(undefined);
  useLayoutEffect(() => {
    onReady((grip) => {
      // What a sensor starts with is known to it before it hears of the event.
      flushSync(() => setHeld(grip));
      listeners.current?.[NAMES[grip.event.type] ?? ""]?.(grip.event);
    });
  }, [onReady]);
  return held && <Held grip={held} listeners={listeners} />;
}

function Held({ grip, listeners }: { grip: Grip; listeners: RefObject<Listeners> }) {
  const { listeners: own, setNodeRef } = useDraggable({ id: grip.id });
  useLayoutEffect(() => {
    setNodeRef(grip.node);
    listeners.current = own as Listeners;
  });
  return null;
}
