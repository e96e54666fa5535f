import { Button } from "@mantine/core";
import { IconBookmark } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { later, OnDemand } from "@/parts/onDemand";
import classes from "./filters.module.css";
import type { Filter } from "./model";

export type SavedProps = {
  workspaceId: string;
  filter: Filter;
  onApply: (filter: Filter) => void;
};

const LIST = later(() => import("./SavedList"));

/** Filters saved under a name. */
export function SavedMenu(props: SavedProps) {
  const { t } = useTranslation("filters");
  const target = (
    <Button
      size="compact-md"
      variant="default"
      className={classes.facet}
      leftSection={<IconBookmark size={16} aria-hidden />}
    >
      {t("saved.title")}
    </Button>
  );
  return <OnDemand menu={LIST} given={props} target={target} />;
}
