/** Runs before the application has come: how it looks, and the first requests beside its code. */

import { applyLook } from "@/i18n/look";
import { askEarly } from "./api/early";
import { API, refresh, wasSignedIn } from "./api/session";
import { fetchAhead } from "./app/ahead";
import { mayBeKept } from "./replica/kept";

// What it takes to get the lock that a refresh is made under.
const LOCKED_MS = 8;

/** What the page at this address asks for first. */
function firstPaths(): string[] {
  const paths = [`${API}/users/me`, `${API}/workspaces`];
  const workspace = /^\/w\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];
  if (workspace !== undefined && !mayBeKept(workspace)) {
    paths.push(`${API}/workspaces/${workspace}/snapshot`);
  }
  return paths;
}

applyLook();
if (wasSignedIn()) {
  refresh().then(
    ({ token }) => askEarly(firstPaths(), token),
    () => null,
  );
}
// A browser has few connections to a server, and all waits for the session: that goes first.
setTimeout(() => fetchAhead(location.pathname, wasSignedIn()), wasSignedIn() ? LOCKED_MS : 0);
