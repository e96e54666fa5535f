/** What went wrong in the reader's words, and what to do next. */

import type { TFunction } from "i18next";
import i18next from "i18next";
import type { Problem, ProblemItem } from "@/api/problem";
import { aboutAll } from "./problemWords";

// What an answer of another server, or of something between, is called here.
const BY_STATUS: Readonly<Record<number, string>> = {
  401: "session_ended",
  403: "forbidden",
  404: "not_found",
  408: "too_slow",
  413: "too_large",
  429: "rate_limited",
};

/** The words for one value that is not acceptable; the server's own where there are none. */
export const explainItem = (item: ProblemItem, t: TFunction): string =>
  t(`fieldErrors.${item.code}`, { ns: "parts", defaultValue: item.detail });

/**
 * The words for a problem. Where values are not acceptable they say which; what has no words here
 * is told in the server's, which are English.
 */
export function explain(problem: Problem, t: TFunction): string {
  if (problem.code === "invalid" && problem.errors.length > 0) {
    const said = problem.errors.slice(0, 3).map((item) => explainItem(item, t));
    return [...new Set(said)].join(" ");
  }
  const known = i18next.exists(`problems.${problem.code}`, { ns: "parts" });
  const instead = known ? undefined : BY_STATUS[problem.status];
  if (instead !== undefined && instead !== "rate_limited") {
    return t(`problems.${instead}`, { ns: "parts" });
  }
  return aboutAll(t, problem, i18next.language);
}
