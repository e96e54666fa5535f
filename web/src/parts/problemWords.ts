/** What went wrong, in the reader's words: for a whole form, and beside one of its fields. */

import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { asProblem, type Problem } from "@/api/problem";

const STEPS = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** "in 2 minutes": never shorter than it is, in the largest unit that says it well. */
export function wait(ms: number, language: string): string {
  const [unit, size] = STEPS.find(([, step]) => ms >= step) ?? STEPS[2];
  return new Intl.RelativeTimeFormat(language).format(Math.max(1, Math.ceil(ms / size)), unit);
}

/** Beside the field `name` of the body, if something is said about it. */
export function aboutField(t: TFunction, problem: Problem | null, name: string): string | null {
  const item = problem?.errors.find((one) => one.pointer === `/${name}`);
  return item ? t(`fieldErrors.${item.code}`, { ns: "parts", defaultValue: item.detail }) : null;
}

/** About the whole: what happened and what to do next. */
export function aboutAll(t: TFunction, error: unknown, language: string): string {
  const problem = asProblem(error);
  if (problem.code === "rate_limited") {
    return t("problems.rate_limited", {
      ns: "parts",
      when: wait(problem.retryAfterMs ?? 60_000, language),
    });
  }
  if (problem.status === -1) return t("problems.defect", { ns: "parts", detail: problem.message });
  // The server's own words are English; the commonest are told in the reader's.
  const said = problem.status >= 500 ? t("problems.server", { ns: "parts" }) : problem.message;
  return t(`problems.${problem.code}`, { ns: "parts", defaultValue: said });
}

/** Both, in the language that is spoken. */
export function useProblemWords() {
  const { t, i18n } = useTranslation("parts");
  return useMemo(
    () => ({
      field: (problem: Problem | null, name: string) => aboutField(t, problem, name),
      whole: (error: unknown) => aboutAll(t, error, i18n.language),
    }),
    [t, i18n.language],
  );
}
