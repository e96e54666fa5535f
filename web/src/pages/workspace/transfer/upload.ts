/** Sending a file: from the disk as it is, telling how far it is. `fetch` cannot tell that. */

import type { Schemas } from "@/api/client";
import { Problem, problemOf } from "@/api/problem";
import { API, accessToken, refresh } from "@/api/session";
import { newKey } from "@/ids";
import { type Format, mediaTypeOf } from "./fileKind";

type Import = Schemas["ImportOut"];
type Told = (part: number) => void;

function send(url: string, file: File, headers: HeadersInit, told: Told, signal: AbortSignal) {
  return new Promise<Response>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const end = () => request.abort();
    request.open("POST", url);
    for (const [name, value] of new Headers(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => told(total === 0 ? 1 : loaded / total);
    request.onload = () => resolve(new Response(request.response, { status: request.status }));
    request.onerror = () => reject(new Problem(0, "offline", "No answer came."));
    request.onabort = () => reject(new DOMException("Called off.", "AbortError"));
    request.onloadend = () => signal.removeEventListener("abort", end);
    if (signal.aborted) reject(new DOMException("Called off.", "AbortError"));
    else {
      signal.addEventListener("abort", end, { once: true });
      request.send(file);
    }
  });
}

/**
 * Send a file to be looked at; nothing is written yet. Throws `Problem`, or an `AbortError` when it
 * is called off.
 */
export async function upload(
  w: string,
  file: File,
  format: Format,
  told: Told,
  signal: AbortSignal,
): Promise<Import> {
  const query = new URLSearchParams({ name: file.name, format, dry_run: "true" });
  const url = `${API}/workspaces/${w}/imports?${query}`;
  const headers = { "Content-Type": mediaTypeOf(file.name), "Idempotency-Key": newKey() };
  const token = await accessToken();
  const as = (bearer: string | null) =>
    send(url, file, { ...headers, Authorization: `Bearer ${bearer}` }, told, signal);
  let answer = await as(token);
  if (answer.status === 401) answer = await as((await refresh(token)).token);
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw problemOf(answer, body);
  return body as Import;
}
