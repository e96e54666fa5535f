/** Code that comes later, and may not come at once: nothing that is there already goes with it. */

import i18next from "i18next";
import {
  type ComponentType,
  createElement,
  type FunctionComponent,
  lazy,
  useEffect,
  useSyncExternalStore,
} from "react";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/** After `wait` milliseconds, or when there is a network again. */
function chance(wait: number): Promise<void> {
  return new Promise((go) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      go();
    };
    const timer = setTimeout(done, wait);
    addEventListener("online", done);
  });
}

// A style sheet that did not come is not asked for again by itself.
function renewStyles(): Promise<unknown> {
  const links = document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]');
  const missing = [...links].filter(({ sheet }) => sheet === null);
  return Promise.all(
    missing.map(
      (old) =>
        new Promise((come, fail) => {
          const link = old.cloneNode() as HTMLLinkElement;
          link.onload = come;
          link.onerror = () => fail(new TypeError(link.href));
          old.replaceWith(link);
        }),
    ),
  );
}

/** What `load` gives, when it does: it is tried until then. `missed` hears of the first failure. */
export async function insist<T>(load: () => Promise<T>, missed?: () => void): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      if (wait > FIRST_WAIT_MS) await renewStyles();
      return await load();
    } catch {
      if (wait === FIRST_WAIT_MS) missed?.();
      await chance(wait);
    }
  }
}

/** `lazy`, for code that is waited for until it comes. */
// biome-ignore lint/suspicious/noExplicitAny: as React's own
export const arriving = <T extends ComponentType<any>>(load: () => Promise<{ default: T }>) =>
  lazy(() =>
    insist(load, () => {
      tell({ text: i18next.t("missing.part"), tone: "bad" }).catch(() => null);
    }),
  );

type Page = FunctionComponent & { preload: () => Promise<void> };

/** A page whose code comes when it is gone to; until it has come it says so in its place. */
export function pageOf(load: () => Promise<ComponentType>): Page {
  let known: ComponentType | undefined;
  let coming: Promise<void> | undefined;
  const listeners = new Set<() => void>();
  const arrived = (page: ComponentType) => {
    known = page;
    for (const listener of listeners) listener();
  };
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  // Settled also where it did not come: the router shows what there is.
  const preload = (): Promise<void> => {
    coming ??= new Promise((settle) => {
      insist(load, settle).then((page) => {
        arrived(page);
        settle();
      });
    });
    return coming;
  };
  const page: Page = () => {
    const present = useSyncExternalStore(subscribe, () => known);
    return present === undefined ? <Missing onDrawn={preload} /> : createElement(present);
  };
  page.preload = preload;
  return page;
}

function Missing({ onDrawn }: { onDrawn: () => Promise<void> }) {
  const { t } = useTranslation();
  useEffect(() => void onDrawn(), [onDrawn]);
  return (
    <section role="alert">
      <h2>{t("missing.title")}</h2>
      <p>{t("missing.text")}</p>
    </section>
  );
}
