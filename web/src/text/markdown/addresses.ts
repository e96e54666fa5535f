/** Which addresses a text may lead to, and which pictures are shown without asking. */

const LINKS: ReadonlySet<string> = new Set(["http:", "https:", "mailto:", "tel:"]);

// What the browser itself makes of an address: it strips tabs, line breaks and leading blanks, too.
function read(address: string, page: string): URL | null {
  try {
    return new URL(address, page);
  } catch {
    return null;
  }
}

export type Target = { href: string; internal: boolean };

/** Where a link leads; null where it is none that may be followed, and only its text is shown. */
export function target(address: string | undefined, page: string = location.href): Target | null {
  if (address === undefined || address.trim() === "") return null;
  if (address.startsWith("#")) return { href: address, internal: true };
  const url = read(address, page);
  if (url === null || !LINKS.has(url.protocol)) return null;
  if (url.origin === new URL(page).origin) {
    return { href: url.pathname + url.search + url.hash, internal: true };
  }
  return { href: url.href, internal: false };
}

export type Source =
  | { kind: "own"; src: string }
  | { kind: "foreign"; src: string; host: string }
  | { kind: "refused" };

/** What to do with a picture: foreign ones tell their host who has looked, so they are asked for. */
export function pictureSource(address: string | undefined, page: string = location.href): Source {
  if (address === undefined || address.trim() === "") return { kind: "refused" };
  const url = read(address, page);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return { kind: "refused" };
  }
  if (url.origin === new URL(page).origin) return { kind: "own", src: url.href };
  return { kind: "foreign", src: url.href, host: url.host };
}
