/** One's tasks of all workspaces, by when they are due. */

import { compare, isOpen } from "@/parts/filters/matching";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { momentOf, startOfDay } from "@/time/dates";
import { dueOf, type Horizon } from "@/time/due";
import { DAY } from "@/time/zone";

export const SECTIONS = ["overdue", "today", "soon", "later", "none", "done"] as const;
export type Section = (typeof SECTIONS)[number];
export type Sections = Record<Section, readonly Task[]>;

const SOON_DAYS = 7;

// A view is another object after each change, and only that workspace is looked through again.
const kept = new WeakMap<View, { me: string; tasks: readonly Task[] }>();

/** What is assigned to `me`; in one's personal workspace also what is assigned to nobody. */
export function mine(view: View, me: string): readonly Task[] {
  const known = kept.get(view);
  if (known?.me === me) return known.tasks;
  const personal = view.head?.workspace.personal === true;
  const tasks: Task[] = [];
  for (const task of view.tasks.values()) {
    if (task.assignee_id === me || (personal && task.assignee_id === null)) tasks.push(task);
  }
  kept.set(view, { me, tasks });
  return tasks;
}

function sectionOf(task: Task, at: Horizon, zone: string): Section | null {
  if (!isOpen(task)) {
    const done = task.completed_at === null ? Number.NaN : momentOf(task.completed_at);
    return done >= startOfDay(at.today, zone) ? "done" : null;
  }
  const due = dueOf(task.due_at, at);
  if (due === "overdue" || due === "today" || due === "none") return due;
  return momentOf(task.due_at ?? "") < at.tomorrowAt + SOON_DAYS * DAY ? "soon" : "later";
}

const byPriority = compare("-priority");
const urgentFirst = (a: Task, b: Task) =>
  momentOf(a.due_at ?? "") - momentOf(b.due_at ?? "") || byPriority(a, b);

/** `tasks` in sections: the earliest first, without a date the most urgent, the done last one first. */
export function inSections(tasks: readonly Task[], at: Horizon, zone: string): Sections {
  const sections: Record<Section, Task[]> = {
    overdue: [],
    today: [],
    soon: [],
    later: [],
    none: [],
    done: [],
  };
  for (const task of tasks) {
    const section = sectionOf(task, at, zone);
    if (section !== null) sections[section].push(task);
  }
  for (const name of ["overdue", "today", "soon", "later"] as const)
    sections[name].sort(urgentFirst);
  sections.none.sort(byPriority);
  sections.done.sort((a, b) => ((a.completed_at ?? "") < (b.completed_at ?? "") ? 1 : -1));
  return sections;
}
