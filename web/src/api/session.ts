/**
 * Who is signed in. The refresh token is in an HttpOnly cookie that no script can read; the access
 * token is in this tab's memory only. Tabs refresh one at a time and tell each other.
 */

import { Problem, problemOf } from "./problem";

export type Session = { userId: string; token: string; expiresAt: number };
/** `ended`: the server does not take the session any more, and nobody here has signed out. */
export type SessionState = "unknown" | "in" | "out" | "ended";

type Tokens = { access_token: string; expires_in: number; user?: { id: string } };
type Told = { session: Session } | { out: true };

export const API = "/api/v1";
const HINT = "tidework.user";
// A server on this machine is there without a network, too.
const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;
const LOCK = "tidework.refresh";
// Refreshed this long before it expires, so that no request has to wait for it.
const EARLY_MS = 60_000;

let session: Session | null = null;
let state: SessionState = "unknown";
let refreshing: Promise<Session> | null = null;
const listeners = new Set<() => void>();
let wasEnded = false;

const channel =
  typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("tidework.session");

function settle(next: Session | null, as: SessionState, endedBefore = false): void {
  session = next;
  state = as;
  wasEnded = as === "ended" || endedBefore;
  for (const listener of [...listeners]) listener();
}

channel?.addEventListener("message", ({ data }: MessageEvent<Told>) => {
  if ("out" in data) settle(null, "out");
  else if (session === null || session.userId === data.session.userId) settle(data.session, "in");
  // Another account has signed in, in another tab: what this one shows is not theirs.
  else location.reload();
});

/** Call `listener` whenever the state changes; the answer ends that. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const sessionState = (): SessionState => state;
/** Whether nobody is signed in because their session ended, and not because they left. */
export const sessionEnded = (): boolean => wasEnded;
export const sessionUser = (): string | null => session?.userId ?? localStorage.getItem(HINT);

/** Whether somebody was signed in when this browser was last used. */
export const wasSignedIn = (): boolean => localStorage.getItem(HINT) !== null;

/** Take over what logging in, registering or refreshing has answered. */
export function adopt(tokens: Tokens): Session {
  const userId = tokens.user?.id ?? sessionUser();
  if (userId === null) throw new Problem(-1, "defect", "No account in the answer.");
  const next = {
    userId,
    token: tokens.access_token,
    expiresAt: Date.now() + tokens.expires_in * 1000,
  };
  localStorage.setItem(HINT, userId);
  settle(next, "in");
  channel?.postMessage({ session: next } satisfies Told);
  return next;
}

async function post(path: string, headers: HeadersInit = {}): Promise<Response> {
  return fetch(`${API}${path}`, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", ...headers },
    body: "{}",
  });
}

async function refreshNow(stale: string | null, asked?: () => void): Promise<Session> {
  // Another tab may have done it while this one waited for the lock.
  if (session !== null && session.token !== stale) return session;
  if (!navigator.onLine && !LOOPBACK.test(location.hostname)) {
    throw new TypeError("there is no network");
  }
  const answer = post("/auth/refresh");
  asked?.();
  const response = await answer;
  if (response.ok) return adopt((await response.json()) as Tokens);
  const problem = problemOf(response, await response.json().catch(() => null));
  if (!problem.passing) settle(null, "ended");
  throw problem;
}

/** Web Locks are there on https and loopback only; elsewhere tabs may refresh at the same time. */
async function inTurn(run: () => Promise<Session>): Promise<Session> {
  return "locks" in navigator ? await navigator.locks.request(LOCK, run) : await run();
}

/**
 * A new access token in place of `stale`. Throws `Problem`, or `TypeError` without a network. Calls
 * `asked` when the request is on its way.
 */
export function refresh(
  stale: string | null = session?.token ?? null,
  asked?: () => void,
): Promise<Session> {
  const running = refreshing ?? inTurn(() => refreshNow(stale, asked));
  refreshing = running;
  return running.finally(() => {
    if (refreshing === running) refreshing = null;
  });
}

/** The access token to send, refreshed where it is about to expire; null when signed out. */
export async function accessToken(): Promise<string | null> {
  if (session === null) return wasSignedIn() && state !== "ended" ? (await refresh()).token : null;
  return session.expiresAt - Date.now() > EARLY_MS ? session.token : (await refresh()).token;
}

/** Nobody is signed in here any more, in no tab: whoever listens erases what is kept. */
export function leave(ended = false): void {
  localStorage.removeItem(HINT);
  settle(null, "out", ended);
  channel?.postMessage({ out: true } satisfies Told);
}

/** End the session, here and at the server. */
export async function signOut(): Promise<void> {
  const token = session?.token;
  leave();
  await post("/auth/logout", token ? { Authorization: `Bearer ${token}` } : {}).catch(() => null);
}
