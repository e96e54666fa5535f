/** The client of the API; its types come from the OpenAPI document (`npm run api`). */

import createClient, { type Middleware } from "openapi-fetch";
import { observe } from "@/time/clock";
import { takeEarly } from "./early";
import { problemOf } from "./problem";
import type { components, paths } from "./schema";
import { accessToken, refresh } from "./session";

export type Schemas = components["schemas"];

/** `fetch` with the access token; tried again once with a new one where that one is refused. */
export async function authorised(request: Request): Promise<Response> {
  const early = request.method === "GET" ? await takeEarly(request.url)?.catch(() => null) : null;
  if (early?.ok) return early;
  const spare = request.clone();
  const token = await accessToken();
  if (token === null) return fetch(request);
  request.headers.set("Authorization", `Bearer ${token}`);
  const response = await fetch(request);
  if (response.status !== 401) return response;
  const next = await refresh(token);
  spare.headers.set("Authorization", `Bearer ${next.token}`);
  return fetch(spare);
}

const failing: Middleware = {
  async onResponse({ response }) {
    observe(response.headers.get("Date"));
    if (response.ok || response.status === 304) return undefined;
    throw problemOf(
      response,
      await response
        .clone()
        .json()
        .catch(() => null),
    );
  },
};

/** Answers with `{data}`; throws `Problem` for anything that is not a success. */
export const api = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "http://localhost" : location.origin,
  fetch: authorised,
});
api.use(failing);

/** The data of an answer that has some. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
