/** Language, direction and colours of the page, as this browser has chosen them. */

export type Language = "en" | "de";
export type Theme = "auto" | "light" | "dark";

export const LANGUAGES: readonly Language[] = ["en", "de"];
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur"]);
const LANGUAGE = "tidework.language";
// Mantine's own name, which it reads and writes too.
const THEME = "mantine-color-scheme-value";

/** The language chosen, else the first of the browser's that there is. */
export function language(): Language {
  const wanted = [localStorage.getItem(LANGUAGE), ...navigator.languages];
  for (const tag of wanted) {
    const found = LANGUAGES.find((known) => tag?.toLowerCase().split("-")[0] === known);
    if (found) return found;
  }
  return "en";
}

export function keepLanguage(next: Language): void {
  localStorage.setItem(LANGUAGE, next);
}

export const theme = (): Theme => (localStorage.getItem(THEME) as Theme | null) ?? "auto";

export const direction = (of: string): "ltr" | "rtl" => (RIGHT_TO_LEFT.has(of) ? "rtl" : "ltr");

/** Put them on the document, before anything is drawn. */
export function applyLook(): void {
  const root = document.documentElement;
  root.lang = language();
  // Set by hand in the address, to see how the pages stand it: ?dir=rtl
  const asked = new URLSearchParams(location.search).get("dir");
  root.dir = asked === "rtl" ? "rtl" : direction(root.lang);
  const dark =
    theme() === "dark" ||
    (theme() === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.mantineColorScheme = dark ? "dark" : "light";
}
