import { LANGUAGES, type Language } from "@/i18n/look";

const NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

/** Each in its own words, as who looks for it would read it. */
export const LANGUAGE_NAMES = LANGUAGES.map((value) => ({ value, label: NAMES[value] }));
