import { Button } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import type { Column, Filter } from "@/parts/filters/model";
import type { SetFilter } from "@/parts/filters/useFilter";
import { later, OnDemand } from "@/parts/onDemand";
import classes from "./list.module.css";

export type ViewProps = {
  filter: Filter;
  columns: readonly Column[];
  onFilter: SetFilter;
  onColumns: (columns: readonly Column[]) => void;
};

const LIST = later(() => import("./ViewList"));

/** How the tasks are shown. */
export function ViewMenu(props: ViewProps) {
  const { t } = useTranslation("list");
  const target = (
    <Button
      size="compact-md"
      variant="default"
      className={classes.view}
      leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
    >
      {t("view.title")}
    </Button>
  );
  return <OnDemand menu={LIST} given={props} target={target} />;
}
