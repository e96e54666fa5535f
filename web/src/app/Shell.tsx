import { Outlet } from "@tanstack/react-router";

/** Navigation, and the page beside it. */
export function Shell() {
  return (
    <main id="page">
      <Outlet />
    </main>
  );
}
