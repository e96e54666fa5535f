/** What went wrong, in the reader's words: for a whole form, and beside one of its fields. */

import i18next, { type TFunction } from "i18next";
import { useMemo } from "react";
import { asProblem, type Problem, type ProblemItem } from "@/api/problem";
import { useTranslation } from "@/i18n/words";

const STEPS = [
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

// What an answer of another server, or of something between, is called here.
const BY_STATUS: Readonly<Record<number, string>> = {
  401: "session_ended",
  403: "forbidden",
  404: "not_found",
  408: "too_slow",
  413: "too_large",
};

/** "in 2 minutes": never shorter than it is, in the largest unit that says it well. */
export function wait(ms: number, language: string): string {
  const [unit, size] = STEPS.find(([, step]) => ms >= step) ?? STEPS[2];
  return new Intl.RelativeTimeFormat(language).format(Math.max(1, Math.ceil(ms / size)), unit);
}

/** Beside the field `name` of the body, if something is said about it. */
export function aboutField(t: TFunction, problem: Problem | null, name: string): string | null {
  const item = problem?.errors.find((one) => one.pointer === `/${name}`);
  return item ? aboutItem(t, item) : null;
}

const aboutItem = (t: TFunction, { code, detail }: ProblemItem): string =>
  t(`fieldErrors.${code}`, { ns: "parts", defaultValue: detail });

/** About the whole: what happened and what to do next; where there are no words, the server's. */
export function aboutAll(t: TFunction, error: unknown, language: string): string {
  const problem = asProblem(error);
  const say = (code: string, more: Record<string, string> = {}) =>
    t(`problems.${code}`, { ns: "parts", ...more });
  if (problem.code === "rate_limited") {
    return say("rate_limited", { when: wait(problem.retryAfterMs ?? 60_000, language) });
  }
  if (problem.status === -1) return say("defect", { detail: problem.message });
  if (problem.code === "invalid" && problem.errors.length > 0) {
    const said = problem.errors.slice(0, 3).map((item) => aboutItem(t, item));
    return [...new Set(said)].join(" ");
  }
  if (i18next.exists(`problems.${problem.code}`, { ns: "parts" })) return say(problem.code);
  const instead = BY_STATUS[problem.status] ?? (problem.status >= 500 ? "server" : undefined);
  return instead === undefined ? problem.message : say(instead);
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
