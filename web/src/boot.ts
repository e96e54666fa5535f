/** Runs before the application has come: how it looks, and the first requests beside its code. */

import { applyLook } from "@/i18n/look";
import { askEarly, askPages } from "./api/early";
import { API, refresh, wasSignedIn } from "./api/session";
import { fetchAhead } from "./app/ahead";
import { showBefore } from "./before";
import { turn } from "./quiet";
import { mayBeKept } from "./replica/kept";

// When another tab refreshes the session just now, this one waits for it.
const LOCKED_MS = 30;

/** What the page at this address asks for first. */
function askFirst(token: string): void {
  const workspace = /^\/w\/([0-9a-f-]{36})/.exec(location.pathname)?.[1];
  if (workspace !== undefined && !mayBeKept(workspace)) {
    askPages(`${API}/workspaces/${workspace}/snapshot`, token);
  }
  askEarly([`${API}/users/me`, `${API}/workspaces`], token);
}

let fetching = false;
function fetchCode(): void {
  if (fetching) return;
  fetching = true;
  fetchAhead(location.pathname, wasSignedIn());
}

/** The application, file by file, with room between them for what cannot wait. */
async function begin(): Promise<void> {
  for (const { href } of document.querySelectorAll<HTMLLinkElement>("link[data-part]")) {
    await import(/* @vite-ignore */ href);
    await turn();
  }
  await import("./main");
}

applyLook();
showBefore(wasSignedIn());
if (wasSignedIn()) {
  // A browser has few connections to a server, and all waits for the session: that goes first.
  refresh(null, fetchCode).then(
    ({ token }) => askFirst(token),
    () => null,
  );
  setTimeout(fetchCode, LOCKED_MS);
} else fetchCode();
void begin();
