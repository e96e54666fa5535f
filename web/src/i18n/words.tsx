/** Words for components: react-i18next's hook without what it costs where hundreds are drawn. */

import i18next, { type TFunction } from "i18next";
import { createContext, type ReactNode, use, useEffect, useState } from "react";

const LanguageContext = createContext<string | null>(null);

/** Draws all below it anew when another language is spoken. */
export function Words({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(i18next.language);
  useEffect(() => {
    i18next.on("languageChanged", setLanguage);
    return () => i18next.off("languageChanged", setLanguage);
  }, []);
  return <LanguageContext value={language}>{children}</LanguageContext>;
}

type Found = { t: TFunction; i18n: typeof i18next };

const known = new Map<string, Found>();
const coming = new Map<string, Promise<void>>();

/** What plain keys say never changes; the others are put together each time. */
function keeping(t: TFunction): TFunction {
  const said = new Map<string, string>();
  const say = (key: string, options?: object): string => {
    if (options !== undefined || typeof key !== "string")
      return t(key, options as never) as unknown as string;
    const before = said.get(key);
    if (before !== undefined) return before;
    const words = t(key);
    // A key that says itself has no words, or has them later.
    if (!key.endsWith(words)) said.set(key, words);
    return words;
  };
  return say as unknown as TFunction;
}

/**
 * The words of a namespace; further ones are asked for with their name before the key. Waits until
 * all are there. `t` stays the same while the language does.
 */
export function useTranslation(names: string | readonly string[] = "common"): Found {
  const language = use(LanguageContext) ?? i18next.language;
  const key = `${language} ${names}`;
  const asked = coming.get(key);
  // Also when they have come: a drawing that goes on after waiting must ask as it did before.
  if (asked !== undefined) use(asked);
  const found = known.get(key);
  if (found !== undefined) return found;
  const wanted = typeof names === "string" ? [names] : names;
  const complete = wanted.every((name) => i18next.hasLoadedNamespace(name));
  if (!complete && asked === undefined) {
    const loading = i18next.loadNamespaces(wanted);
    coming.set(key, loading);
    use(loading);
  }
  const made = { t: keeping(i18next.getFixedT(language, wanted[0] ?? null)), i18n: i18next };
  if (complete) known.set(key, made);
  return made;
}
