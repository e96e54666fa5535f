/** Calls of somebody who is not signed in: no token is sent, whatever this browser still has. */

import { api, data, type Schemas } from "@/api/client";
import { asProblem, problemOf } from "@/api/problem";
import { API, adopt } from "@/api/session";
import { language } from "@/i18n/look";

type LoggedIn = Schemas["LoggedIn"];
type NewAccount = Pick<Schemas["Register"], "email" | "password" | "name"> & {
  invitation?: string;
};

async function send(method: string, path: string, body: object, token?: string): Promise<Response> {
  const response = await fetch(`${API}${path}`, {
    method,
    credentials: "same-origin",
    headers: {
      "Content-Type": "application/json",
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify(body),
  }).catch((error: unknown) => {
    throw asProblem(error);
  });
  if (!response.ok) throw problemOf(response, await response.json().catch(() => null));
  return response;
}

export async function logIn(body: Omit<Schemas["Login"], "cookie">): Promise<void> {
  const answer = await send("POST", "/auth/login", { ...body, cookie: true });
  adopt((await answer.json()) as LoggedIn);
}

/** A new account, which speaks this browser's language and lives by its clock. */
export async function register(body: NewAccount): Promise<void> {
  const answer = await send("POST", "/auth/register", { ...body, cookie: true });
  const tokens = (await answer.json()) as LoggedIn;
  await settle(tokens.access_token);
  adopt(tokens);
}

/** Where somebody who was invited begins: where the others are. */
export async function firstPage(): Promise<string> {
  const { items } = await data(api.GET("/api/v1/workspaces")).catch(() => ({ items: [] }));
  const shared = items.filter(({ personal }) => !personal);
  return shared.length === 1 ? `/w/${shared[0]?.id}/list` : "/my-tasks";
}

export async function forgot(email: string): Promise<void> {
  await send("POST", "/auth/password/forgot", { email });
}

export async function reset(token: string, password: string): Promise<void> {
  await send("POST", "/auth/password/reset", { token, password });
}

export async function confirm(token: string): Promise<void> {
  await send("POST", "/auth/email/confirm", { token });
}

/** The token of a mailed link: behind the `#`, where no server ever sees it. */
export const tokenOfLink = (): string =>
  new URLSearchParams(location.hash.slice(1)).get("token")?.trim() ?? "";

async function settle(token: string): Promise<void> {
  const spoken = { language: language() };
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  // The account is there whether or not this succeeds, and settings can say it later. The server
  // may not know the browser's zone.
  await send("PATCH", "/users/me", { ...spoken, time_zone: timeZone }, token)
    .catch(() => send("PATCH", "/users/me", spoken, token))
    .catch(() => null);
}
