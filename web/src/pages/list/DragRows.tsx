import { createContext, type ReactNode, type RefObject, Suspense } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { type Grip, useGrip } from "@/parts/dragging/grip";
import type { Task } from "@/replica/model";
import type { Row } from "./rows";

/** What is being dragged, and in front of which row it would land. */
export type Drop = { id: string; index: number };

export type DragProps = {
  rows: readonly Row[];
  height: number;
  headerHeight: number;
  scroller: RefObject<HTMLElement | null>;
  drop: Drop | null;
  onDrop: (drop: Drop | null) => void;
  onMove: (task: Task, to: number) => void;
};

/** Where the handles of rows tell of a hand. */
export const GripContext = createContext<(grip: Grip) => void>(() => undefined);
export const DRAG_HINT = "drag-how";

const DragLayer = arriving(() => import("./DragLayer"));

/** Rows that can be dragged. What does it comes when the page is there, or with the first hand. */
export function DragRows({ children, ...props }: DragProps & { children: ReactNode }) {
  const { t } = useTranslation("list");
  const { wanted, take, onReady } = useGrip();
  return (
    <GripContext value={take}>
      <span id={DRAG_HINT} hidden>
        {t("drag.how")}
      </span>
      {children}
      <Suspense fallback={null}>{wanted && <DragLayer {...props} onReady={onReady} />}</Suspense>
    </GripContext>
  );
}
