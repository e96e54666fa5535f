/** For tests of components: words, and what jsdom lacks. */

import { MantineProvider } from "@mantine/core";
import { type RenderResult, render } from "@testing-library/react";
import i18next from "i18next";
import type { ReactNode } from "react";
import { Words } from "@/i18n/words";

const files = import.meta.glob<{ default: Record<string, unknown> }>("../locales/*/*.json");

/** Words of `namespaces` in both languages, and English to begin with. */
export async function startForTests(...namespaces: string[]): Promise<void> {
  const read = async (lng: string, ns: string) =>
    (await files[`../locales/${lng}/${ns}.json`]?.())?.default ?? {};
  await i18next.use({ type: "backend", read } as never).init({
    lng: "en",
    preload: ["en", "de"],
    ns: namespaces,
    interpolation: { escapeValue: false },
  });
  if (typeof window === "undefined") return;
  const none = () => undefined;
  window.matchMedia ??= ((query: string) => ({
    matches: false,
    media: query,
    addEventListener: none,
    removeEventListener: none,
    addListener: none,
    removeListener: none,
  })) as never;
  window.ResizeObserver ??= class {
    observe = none;
    unobserve = none;
    disconnect = none;
  } as never;
  if (!("fonts" in document)) {
    const fonts = { addEventListener: none, removeEventListener: none };
    Object.defineProperty(document, "fonts", { value: fonts });
  }
  Element.prototype.scrollIntoView ??= none;
}

/** `element` as the application draws it, without what moves. */
export const show = (element: ReactNode): RenderResult =>
  render(
    <Words>
      <MantineProvider env="test">{element}</MantineProvider>
    </Words>,
  );
