/** The browser's offer to install the application, which comes once and early. */

type Offer = Event & { prompt(): Promise<unknown> };

let offer: Offer | null = null;
const listeners = new Set<() => void>();

function set(next: Offer | null): void {
  offer = next;
  for (const listener of [...listeners]) listener();
}

/** Keep the offer for when somebody asks for it. */
export function keepOffer(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    set(event as Offer);
  });
  addEventListener("appinstalled", () => set(null));
}

export const offered = (): boolean => offer !== null;

export function onOffer(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Ask the person; an offer holds once. */
export async function install(): Promise<void> {
  const asked = offer;
  set(null);
  await asked?.prompt();
}
