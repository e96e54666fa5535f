/** What the browser calls a page: in its tabs, its history, and what a screen reader says first. */

import { createContext, use, useEffect } from "react";
import { useTranslation } from "@/i18n/words";

/** The name of the workspace that a page is in; empty outside of one. */
export const Place = createContext("");

/** Call the document after its page and where that is (WCAG 2.2, 2.4.2); undefined leaves it as it is. */
export function usePageTitle(page: string | undefined): void {
  const { t } = useTranslation();
  const place = use(Place);
  const app = t("app");
  useEffect(() => {
    if (page !== undefined) document.title = [page, place, app].filter(Boolean).join(" · ");
  }, [page, place, app]);
}
