/** The service worker: the application without a network, and notifications. */
/// <reference lib="webworker" />

import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";
import "./pushed";

declare const self: ServiceWorkerGlobalScope;

const manifest = self.__WB_MANIFEST;
precacheAndRoute(manifest);
cleanupOutdatedCaches();

// The page that goes with these files: the server writes something of its own into each copy, so it
// is no file of the build.
const PAGES = "tidework-page";
const PAGE = `/?build=${hash(manifest)}`;
// A network that is there and gives nothing is none.
const PATIENCE_MS = 5_000;

function hash(entries: typeof manifest): string {
  let sum = 5381;
  for (const letter of JSON.stringify(entries)) sum = ((sum * 33) ^ letter.charCodeAt(0)) >>> 0;
  return sum.toString(36);
}

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const page = await fetch("/", { cache: "no-store", headers: { Accept: "text/html" } });
      if (!page.ok) throw new Error(`the page is not there: ${page.status}`);
      await (await caches.open(PAGES)).put(PAGE, page);
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const pages = await caches.open(PAGES);
      const kept = await pages.keys();
      const old = kept.filter(({ url }) => !url.endsWith(PAGE));
      await Promise.all(old.map((request) => pages.delete(request)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.mode === "navigate" && url.origin === location.origin && isPage(url.pathname)) {
    event.respondWith(page(request));
  } else if (url.origin !== location.origin && url.pathname.includes("/assets/")) {
    // From a CDN: the same files are kept under the server's own address.
    const own = url.pathname.slice(url.pathname.indexOf("/assets/"));
    event.respondWith(matchPrecache(own).then((kept) => kept ?? fetch(request)));
  }
});

const isPage = (path: string): boolean => !/^\/(api|health|metrics|\.well-known)(\/|$)/.test(path);

/** The server's own page first, it is the newest; what is kept is for when there is no network. */
async function page(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status < 500) return answer;
  } catch {
    // No network, or no server.
  }
  const kept = await (await caches.open(PAGES)).match(PAGE);
  return kept ?? Response.error();
}
