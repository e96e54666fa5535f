/** The service worker: the application without a network, and notifications. */
/// <reference lib="webworker" />

import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from "workbox-precaching";

declare const self: ServiceWorkerGlobalScope;

precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // The server's own page first: it is the newest. What is kept is for when there is no network.
  if (request.mode === "navigate" && url.origin === location.origin && isPage(url.pathname)) {
    event.respondWith(
      fetch(request).catch(async () => (await matchPrecache("/index.html")) ?? Response.error()),
    );
  }
});

const isPage = (path: string): boolean => !/^\/(api|health|metrics|\.well-known)(\/|$)/.test(path);

self.addEventListener("message", (event) => {
  if ((event.data as { type?: string } | null)?.type === "SKIP_WAITING") self.skipWaiting();
});
