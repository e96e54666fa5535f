/** The first requests, sent while the application's code is still on its way. */

const STAYS_MS = 15_000;

const early = new Map<string, Promise<Response>>();

/** Ask for these paths now; whoever asks for them next gets the answers. */
export function askEarly(paths: readonly string[], token: string): void {
  for (const path of paths) {
    const url = new URL(path, location.origin).href;
    const answer = fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    answer.catch(() => null);
    early.set(url, answer);
  }
  setTimeout(() => early.clear(), STAYS_MS);
}

/** The answer to a GET of `url` that is on its way already. */
export function takeEarly(url: string): Promise<Response> | undefined {
  const answer = early.get(url);
  early.delete(url);
  return answer;
}
