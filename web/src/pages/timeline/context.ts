import { createContext, useContext } from "react";
import type { Task } from "@/replica/model";
import type { DayKey } from "@/time/dates";
import type { Span } from "./bars";

/** What all rows of a timeline share; the same object until one of it changes. */
export type Timeline = {
  span: Span;
  /** How wide a day is, in pixels. */
  px: number;
  zone: string;
  locale: string;
  today: DayKey;
  rtl: boolean;
  editable: boolean;
  linkTo: (number: number) => string;
  open: (task: Task) => void;
  /** Move the due date by days. */
  move: (task: Task, days: number) => void;
  nameOf: (group: string) => string;
  toggle: (group: string) => void;
};

export const TimelineContext = createContext<Timeline | null>(null);

export function useTimeline(): Timeline {
  const timeline = useContext(TimelineContext);
  if (timeline === null) throw new Error("outside of a timeline");
  return timeline;
}
