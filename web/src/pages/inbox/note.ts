/** What a notification says of its task; `data` is how things were called then. */

import type { Schemas } from "@/api/client";
import { plain } from "@/text/markdown/plain";

export type Note = Omit<Schemas["NotificationOut"], "data"> & { data: Record<string, unknown> };
export type NamedTask = { id: string; number: number; title: string };

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);

export const titleOf = ({ data }: Note): string => text(data.title);
/** 0 where it is about no task, or about several. */
export const numberOf = ({ data }: Note): number => number(data.number);
export const workspaceOf = ({ data }: Note): string => text(data.workspace);
export const excerptOf = ({ data }: Note): string => plain(text(data.excerpt));
export const roleOf = ({ data }: Note): string => text(data.role);
export const reportOf = ({ data }: Note): string => text(data.report);
export const dueOf = ({ data }: Note): string => text(data.due_at);
/** How many it stands for; 0 where it is one. */
export const countOf = ({ data }: Note): number => number(data.count);

/** Some of the tasks that it stands for. */
export function tasksOf({ data }: Note): NamedTask[] {
  if (!Array.isArray(data.tasks)) return [];
  return data.tasks
    .map((task: Record<string, unknown> | null) => ({
      id: text(task?.id),
      number: number(task?.number),
      title: text(task?.title),
    }))
    .filter((task) => task.number > 0);
}

/** Where a report is to be had; nothing that is no address of the web. */
export function linkOf({ data }: Note): string | null {
  const address = text(data.url);
  return /^https?:\/\//i.test(address) ? address : null;
}
