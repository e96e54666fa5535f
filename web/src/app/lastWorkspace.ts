import type { Workspace } from "@/replica/model";

const LAST = "tidework.workspace";

export const rememberWorkspace = (id: string): void => localStorage.setItem(LAST, id);

/** The workspace that was looked at last, else the first; empty when there is none. */
export function lastWorkspace(workspaces: readonly Workspace[]): string {
  const last = localStorage.getItem(LAST);
  return workspaces.find(({ id }) => id === last)?.id ?? workspaces[0]?.id ?? "";
}
