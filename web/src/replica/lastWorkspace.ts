import type { Workspace } from "./model";

const LAST = "tidework.workspace";

export const rememberWorkspace = (id: string): void => localStorage.setItem(LAST, id);

/** The workspace that was looked at last, else the first; empty when there is none. */
export function lastWorkspace(workspaces: readonly Workspace[]): string {
  return oneOf(workspaces, localStorage.getItem(LAST));
}

/** `wanted`, where it is one of these, else the first; empty when there is none. */
export function oneOf(workspaces: readonly Workspace[], wanted: string | null): string {
  return workspaces.find(({ id }) => id === wanted)?.id ?? workspaces[0]?.id ?? "";
}
