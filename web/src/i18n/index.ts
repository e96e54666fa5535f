/** The words of the application: a namespace per page, loaded with it. */

import i18next from "i18next";
import { fileOf } from "./files";
import { applyLook, keepLanguage, type Language, language } from "./look";

const load = async (lng: string, ns: string) => (await fileOf(lng, ns))?.default;

/** Ready with the words that every page needs. */
export async function startWords(): Promise<void> {
  await i18next
    .use({ type: "backend", read: (lng: string, ns: string) => load(lng, ns) } as never)
    .init({
      lng: language(),
      fallbackLng: "en",
      ns: ["common"],
      defaultNS: "common",
      interpolation: { escapeValue: false },
      returnNull: false,
    });
}

/** Speak `next` from now on, in this browser. */
export async function speak(next: Language): Promise<void> {
  keepLanguage(next);
  applyLook();
  await i18next.changeLanguage(next);
}
