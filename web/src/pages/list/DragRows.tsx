import {
  createContext,
  lazy,
  type ReactNode,
  type RefObject,
  Suspense,
  type SyntheticEvent,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "@/replica/model";
import type { Row } from "./rows";

/** What is being dragged, and in front of which row it would land. */
export type Drop = { id: string; index: number };

/** A hand on a row: the event that put it there, and on what. */
export type Grip = { id: string; node: HTMLElement; event: SyntheticEvent };

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

const DragLayer = lazy(() => import("./DragLayer"));

// For fingers, which do not hover before they press.
const IDLE_MS = 1_500;
const PREPARING: ReadonlySet<string> = new Set(["mouseover", "focus"]);
const RELEASES = ["pointerup", "pointercancel", "touchend", "touchcancel", "keyup"] as const;

/** Rows that can be dragged. What does it comes when the page is there, or with the first hand. */
export function DragRows({ children, ...props }: DragProps & { children: ReactNode }) {
  const { t } = useTranslation("list");
  const [wanted, setWanted] = useState(false);
  const layer = useRef<(grip: Grip) => void>(undefined);
  const waiting = useRef<Grip>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => setWanted(true), IDLE_MS);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    const release = () => {
      waiting.current = undefined;
    };
    for (const name of RELEASES) addEventListener(name, release);
    return () => {
      for (const name of RELEASES) removeEventListener(name, release);
    };
  }, []);
  const take = useCallback((grip: Grip) => {
    if (PREPARING.has(grip.event.type)) return setWanted(true);
    if (layer.current !== undefined) return layer.current(grip);
    waiting.current = grip;
    setWanted(true);
  }, []);
  const ready = useCallback((found: (grip: Grip) => void) => {
    layer.current = found;
    queueMicrotask(() => {
      if (waiting.current !== undefined) found(waiting.current);
    });
  }, []);
  return (
    <GripContext value={take}>
      <span id={DRAG_HINT} hidden>
        {t("drag.how")}
      </span>
      {children}
      <Suspense fallback={null}>{wanted && <DragLayer {...props} onReady={ready} />}</Suspense>
    </GripContext>
  );
}
