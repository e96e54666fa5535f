import { createContext, useContext } from "react";
import type { Names } from "@/parts/filters";
import type { Task } from "@/replica/model";
import type { DayKey } from "@/time/dates";

/** What all days and tasks of a calendar share; the same object until one of it changes. */
export type Calendar = {
  names: Pick<Names, "member">;
  zone: string;
  language: string;
  locale: string;
  /** The present minute. */
  now: number;
  today: DayKey;
  editable: boolean;
  pending: ReadonlySet<string>;
  linkTo: (number: number) => string;
  open: (task: Task) => void;
  /** Ask for the day that a task goes to. */
  askMove: (task: Task) => void;
  /** Show all of a day; `add`: to add a task there. */
  showDay: (day: DayKey, add: boolean) => void;
};

export const CalendarContext = createContext<Calendar | null>(null);

export function useCalendar(): Calendar {
  const calendar = useContext(CalendarContext);
  if (calendar === null) throw new Error("outside of a calendar");
  return calendar;
}
