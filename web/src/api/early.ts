/** The first requests, sent while the application's code is still on its way. */

const STAYS_MS = 15_000;

type Page = { next_cursor: string | null };

const early = new Map<string, Promise<Response>>();
const pages = new Map<string, Promise<unknown>>();

function ask(path: string, token: string): [url: string, answer: Promise<Response>] {
  const url = new URL(path, location.origin).href;
  return [url, fetch(url, { headers: { Authorization: `Bearer ${token}` } })];
}

/** Ask for these paths now; whoever asks for them next gets the answers. */
export function askEarly(paths: readonly string[], token: string): void {
  for (const path of paths) {
    const [url, answer] = ask(path, token);
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

const at = (path: string, cursor?: string | null): string =>
  cursor == null ? path : `${path}?cursor=${encodeURIComponent(cursor)}`;

/** Ask for the page at `path` and for those that follow it, each as soon as its cursor is known. */
export function askPages(path: string, token: string, cursor: string | null = null): void {
  const [, answer] = ask(at(path, cursor), token);
  const page = answer.then((response): Promise<Page> => {
    if (!response.ok) throw new TypeError(`${response.status}`);
    return response.json();
  });
  pages.set(at(path, cursor), page);
  page.then(
    (found) => {
      if (found.next_cursor !== null) askPages(path, token, found.next_cursor);
    },
    () => null,
  );
  if (cursor === null) setTimeout(() => pages.clear(), STAYS_MS);
}

/** The page that is on its way already; undefined also where it did not come. */
export async function takePage<T>(path: string, cursor?: string): Promise<T | undefined> {
  const page = pages.get(at(path, cursor)) as Promise<T> | undefined;
  pages.delete(at(path, cursor));
  return await page?.catch(() => undefined);
}
