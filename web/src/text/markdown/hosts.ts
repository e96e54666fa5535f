/** Hosts whose pictures this browser shows without asking. */

const KEY = "tidework.pictures";
const listeners = new Set<() => void>();

let allowed: ReadonlySet<string> | null = null;

function read(): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((host) => typeof host === "string") : []);
  } catch {
    return new Set();
  }
}

function keep(next: ReadonlySet<string>): void {
  allowed = next;
  try {
    localStorage.setItem(KEY, JSON.stringify([...next]));
  } catch {
    // A full or forbidden storage: it holds until the page is left.
  }
  for (const listener of [...listeners]) listener();
}

/** The hosts; the same object until one is added or forgotten. */
export function allowedHosts(): ReadonlySet<string> {
  allowed ??= read();
  return allowed;
}

export const allowHost = (host: string): void => keep(new Set([...allowedHosts(), host]));

/** Ask again for `host`. */
export const forgetHost = (host: string): void =>
  keep(new Set([...allowedHosts()].filter((one) => one !== host)));

/** Ask again for each of them, as after signing out. */
export const forgetHosts = (): void => keep(new Set());

export function onHosts(listener: () => void): () => void {
  const other = (event: StorageEvent) => {
    if (event.key !== KEY && event.key !== null) return;
    allowed = null;
    listener();
  };
  listeners.add(listener);
  window.addEventListener("storage", other);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", other);
  };
}
