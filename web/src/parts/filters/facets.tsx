import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { useMe } from "@/replica/hooks";
import { PRIORITIES, STATUSES } from "@/replica/model";
import { formatDay } from "@/time/format";
import type { FacetOption } from "./FacetMenu";
import classes from "./filters.module.css";
import { type DUES, type Filter, rangeOf } from "./model";
import type { Names } from "./names";

export type FacetField = "status" | "priority" | "assignee" | "project" | "label";
export const FACETS: readonly FacetField[] = ["status", "priority", "assignee", "project", "label"];

const dot = (color: string | null) => (
  <span className={classes.dot} style={{ background: color ?? undefined }} aria-hidden />
);

/** The values that each field of a filter can have, in words. */
export function useFacets(names: Names): Record<FacetField, readonly FacetOption[]> {
  const { t } = useTranslation(["filters", "parts"]);
  const me = useMe()?.id;
  return useMemo(() => {
    const others = names.members.filter((one) => one.user_id !== me);
    const projects = names.projects.filter((one) => !one.archived);
    return {
      status: STATUSES.map((value) => ({ value, label: t(`parts:status.${value}`) })),
      priority: PRIORITIES.map((value) => ({ value, label: t(`parts:priority.${value}`) })),
      assignee: [
        { value: "me", label: t("assignee.me") },
        { value: "none", label: t("assignee.none") },
        ...others.map((one) => ({ value: one.user_id, label: one.name })),
      ],
      project: [
        { value: "none", label: t("project.none") },
        ...projects.map((one) => ({ value: one.id, label: one.name, icon: dot(one.color) })),
      ],
      label: names.labels.map((one) => ({ value: one.id, label: one.name, icon: dot(one.color) })),
    };
  }, [names, me, t]);
}

export type Chip = { key: string; label: string; without: (filter: Filter) => Filter };

/** What a filter asks for, one by one, in words; each can be taken out. */
export function useChips(filter: Filter, names: Names): readonly Chip[] {
  const { t, i18n } = useTranslation(["filters", "parts"]);
  const facets = useFacets(names);
  const chips: Chip[] = [];
  for (const field of FACETS) {
    for (const value of filter[field]) {
      const known = facets[field].find((one) => one.value === value)?.label;
      const named = known ?? names.project.get(value)?.name ?? t("chip.gone");
      chips.push({
        key: `${field}:${value}`,
        label: t("chip.of", { field: t(`field.${field}`), value: named }),
        without: (now) => ({
          ...now,
          [field]: (now[field] as readonly string[]).filter((one) => one !== value),
        }),
      });
    }
  }
  if (filter.due !== null) {
    const range = rangeOf(filter.due);
    const day = (key: string | null) => (key === null ? "…" : formatDay(key, i18n.language));
    const value =
      range === null
        ? t(`due.${filter.due as (typeof DUES)[number]}`)
        : `${day(range.from)} – ${day(range.to)}`;
    chips.push({
      key: "due",
      label: t("chip.of", { field: t("field.due"), value }),
      without: (now) => ({ ...now, due: null }),
    });
  }
  return chips;
}
