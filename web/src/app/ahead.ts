/** Asks for a page's code and words while the application's own code is still on its way. */

import { fileOf } from "@/i18n/files";
import { language } from "@/i18n/look";

type Page = { at: RegExp; code: () => Promise<unknown>; words: readonly string[] };

// The ones that people begin with; the router knows them all.
const PAGES: readonly Page[] = [
  {
    at: /^\/(my-tasks)?$/,
    code: () => import("@/pages/my-tasks/MyTasksPage"),
    words: ["my-tasks"],
  },
  { at: /^\/inbox/, code: () => import("@/pages/inbox/InboxPage"), words: ["inbox"] },
  {
    at: /^\/w\/[^/]+\/list/,
    code: () => import("@/pages/list/ListPage"),
    words: ["list"],
  },
  {
    at: /^\/w\/[^/]+\/board/,
    code: () => import("@/pages/board/BoardPage"),
    words: ["board"],
  },
];

/** What fails here is asked for again, and told, by whoever needs it. */
export function fetchAhead(path: string, signedIn: boolean): void {
  const asked: Promise<unknown>[] = [];
  const words = (...names: string[]) => {
    for (const name of names) asked.push(fileOf(language(), name));
  };
  words("common");
  if (signedIn) {
    asked.push(import("./Shell"), import("@/replica/db"));
    const page = PAGES.find(({ at }) => at.test(path));
    if (page !== undefined) {
      words(...page.words);
      asked.push(page.code());
    }
  } else {
    words("auth");
    if (path === "/login") asked.push(import("@/pages/auth/LoginPage"));
  }
  for (const one of asked) one.catch(() => null);
}
