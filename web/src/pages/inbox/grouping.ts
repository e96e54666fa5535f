import { type DayKey, dayOf } from "@/time/dates";
import type { Note } from "./note";

/** What is told of one task on one day; or one thing that is about no task. Newest first. */
export type Group = { key: string; notes: [Note, ...Note[]] };
export type Day = { day: DayKey; groups: Group[] };

/** `notes`, which come newest first, by the days of `zone` and by their tasks. */
export function byDay(notes: readonly Note[], zone: string): Day[] {
  const days: Day[] = [];
  for (const note of notes) {
    const day = dayOf(Date.parse(note.created_at), zone);
    let here = days.at(-1);
    if (here?.day !== day) {
      here = { day, groups: [] };
      days.push(here);
    }
    const key = note.task_id === null ? note.id : `${note.workspace_id}/${note.task_id}`;
    const group = here.groups.find((one) => one.key === key);
    if (group) group.notes.push(note);
    else here.groups.push({ key, notes: [note] });
  }
  return days;
}

export const unreadOf = (notes: readonly Note[]): string[] =>
  notes.filter(({ read_at }) => read_at === null).map(({ id }) => id);
