/** Which workspaces this browser may have: known before the database is open, which takes a while. */

const KEPT = "tidework.kept";

const ids = (): string[] => (localStorage.getItem(KEPT) ?? "").split(",").filter(Boolean);

export const mayBeKept = (workspaceId: string): boolean => ids().includes(workspaceId);

export function noteKept(workspaceId: string): void {
  if (!mayBeKept(workspaceId)) localStorage.setItem(KEPT, [...ids(), workspaceId].join());
}
