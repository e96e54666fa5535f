/** What cards and columns call people, projects and labels. */

import { createContext, useContext, useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import type { Names as Lists } from "@/parts/filters/names";
import { type By, NONE } from "./columns";

/** `linkTo`: the address of a task's own page, for a browser that opens it elsewhere. */
export type Names = Pick<Lists, "member" | "project" | "label"> & {
  zone: string;
  language: "en" | "de";
  linkTo: (number: number) => string;
};

const NO_NAMES: Names = {
  member: new Map(),
  project: new Map(),
  label: new Map(),
  zone: "UTC",
  language: "en",
  linkTo: () => "",
};

export const NamesContext = createContext<Names>(NO_NAMES);
export const useCardNames = (): Names => useContext(NamesContext);

/** What a column is called. */
export function useColumnName(by: By): (key: string) => string {
  const { t } = useTranslation(["board", "parts"]);
  const { member, project, label } = useCardNames();
  return useMemo(() => {
    const of: Record<By, (key: string) => string> = {
      status: (key) => t(`parts:status.${key}`),
      priority: (key) => t(`parts:priority.${key}`),
      assignee: (key) => member.get(key)?.name ?? t("unknown.assignee"),
      project: (key) => project.get(key)?.name ?? t("unknown.project"),
      label: (key) => label.get(key)?.name ?? t("unknown.label"),
    };
    return (key) => (key === NONE ? t(`none.${by}`) : of[by](key));
  }, [by, member, project, label, t]);
}
