/** What all the parts of a task's page need to know. */

import { createContext, useContext } from "react";
import type { Names } from "@/parts/filters/names";
import type { Role } from "@/replica/model";

export type TaskSurroundings = {
  workspaceId: string;
  names: Names;
  role: Role;
  zone: string;
  language: "en" | "de";
  /** The account's id. */
  me: string;
};

export const TaskContext = createContext<TaskSurroundings | null>(null);

export function useSurroundings(): TaskSurroundings {
  const value = useContext(TaskContext);
  if (value === null) throw new Error("outside of a task");
  return value;
}
