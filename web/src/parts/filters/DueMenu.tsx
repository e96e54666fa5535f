import { Button } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { later, OnDemand } from "@/parts/onDemand";
import classes from "./filters.module.css";
import type { DueFilter } from "./model";

export type DueProps = { due: DueFilter | null; onDue: (due: DueFilter | null) => void };

const LIST = later(() => import("./DueList"));

/** When the tasks are due. */
export function DueMenu(props: DueProps) {
  const { t } = useTranslation("filters");
  const target = (
    <Button
      size="compact-md"
      variant={props.due === null ? "default" : "light"}
      className={classes.facet}
      rightSection={<IconChevronDown size={14} aria-hidden />}
    >
      {t("field.due")}
      {props.due !== null && <span className={classes.count}>1</span>}
    </Button>
  );
  return <OnDemand menu={LIST} given={props} target={target} />;
}
