/** What the service worker does with messages that the server pushes. */
/// <reference lib="webworker" />

declare const self: ServiceWorkerGlobalScope;

type Message = {
  title: string;
  body?: string;
  url?: string;
  tag?: string;
  lang?: string;
};

/** The message, as far as it is one; a browser wants something shown for whatever comes. */
function messageOf(event: PushEvent): Message {
  try {
    const said = event.data?.json() as Partial<Message> | null | undefined;
    return { ...said, title: said?.title || "Tidework" };
  } catch {
    return { title: "Tidework" };
  }
}

/** The page to open: none but the web's. */
function addressOf(url: unknown): string {
  const address = new URL(typeof url === "string" ? url : "/inbox", self.location.origin);
  return /^https?:$/.test(address.protocol) ? address.href : `${self.location.origin}/inbox`;
}

async function open(address: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  // In a window of its own otherwise: something may be being typed in the others.
  const there = windows.find(({ url }) => url === address);
  if (there) await there.focus();
  else await self.clients.openWindow(address);
}

self.addEventListener("push", (event) => {
  const { title, url, body, tag, lang } = messageOf(event);
  const options = {
    ...(body ? { body } : {}),
    ...(tag ? { tag } : {}),
    ...(lang ? { lang } : {}),
    icon: "/icon-192.png",
    data: url,
  };
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(addressOf(event.notification.data)));
});

// A module, so that its names are its own.
export {};
