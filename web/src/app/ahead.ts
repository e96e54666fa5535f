/** Asks for a page's files and words while the application's own code is still on its way. */

import { fileOf } from "@/i18n/files";
import { language } from "@/i18n/look";

// The pages that people begin with; the router knows them all.
const PAGES: readonly (readonly [at: RegExp, module: string, words: string])[] = [
  [/^\/(my-tasks)?$/, "MyTasksPage", "my-tasks"],
  [/^\/inbox/, "InboxPage", "inbox"],
  [/^\/w\/[^/]+\/list/, "ListPage", "list"],
  [/^\/w\/[^/]+\/board/, "BoardPage", "board"],
];

/** The build writes down which files a page needs; they stand beside this one. */
function fetchFiles(...modules: string[]): void {
  const written = document.querySelector<HTMLMetaElement>('meta[name="files"]')?.content;
  if (written === undefined) return;
  const files = JSON.parse(written) as Record<string, readonly string[]>;
  for (const name of new Set(modules.flatMap((module) => files[module] ?? []))) {
    const link = document.createElement("link");
    link.crossOrigin = "";
    link.href = new URL(name, import.meta.url).href;
    if (name.endsWith(".css")) {
      link.rel = "preload";
      link.as = "style";
    } else link.rel = "modulepreload";
    document.head.append(link);
  }
}

/** What fails here is asked for again, and told, by whoever needs it. */
export function fetchAhead(path: string, signedIn: boolean): void {
  const namespaces = ["common"];
  if (signedIn) {
    const [, module = "", words] = PAGES.find(([at]) => at.test(path)) ?? [];
    if (words !== undefined) namespaces.push(words);
    fetchFiles("Shell", module, "db");
  } else {
    namespaces.push("auth");
    fetchFiles("LoginPage");
  }
  for (const name of namespaces) fileOf(language(), name).catch(() => null);
}
