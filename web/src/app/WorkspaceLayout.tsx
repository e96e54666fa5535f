import { Outlet } from "@tanstack/react-router";

/** What the pages of one workspace share. */
export function WorkspaceLayout() {
  return <Outlet />;
}
