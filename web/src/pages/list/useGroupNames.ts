import { useCallback } from "react";
import { useTranslation } from "@/i18n/words";
import type { Group, Names } from "@/parts/filters";
import { NONE } from "./rows";

/** What groups are called. */
export function useGroupNames(by: Group | null, names: Names): (group: string) => string {
  const { t } = useTranslation(["list", "parts"]);
  return useCallback(
    (group) => {
      switch (by) {
        case "status":
        case "priority":
          return t(`parts:${by}.${group}`);
        case "due":
          return t(`list:group.${group}`);
        case "project":
          if (group === NONE) return t("list:none.project");
          return names.project.get(group)?.name ?? t("list:none.gone");
        case "assignee":
          if (group === NONE) return t("list:none.assignee");
          return names.member.get(group)?.name ?? t("list:none.gone");
        default:
          return group;
      }
    },
    [by, names, t],
  );
}
