import { Button } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { later, OnDemand } from "@/parts/onDemand";
import classes from "./filters.module.css";

export type FacetOption = { value: string; label: string; icon?: ReactNode };

export type FacetProps = {
  label: string;
  options: readonly FacetOption[];
  values: readonly string[];
  onToggle: (value: string) => void;
  children?: ReactNode;
};

const LIST = later(() => import("./FacetList"));

/** One field of the filter: a menu of values, any of which may be ticked. */
export function FacetMenu(props: FacetProps) {
  const { label, values } = props;
  const target = (
    <Button
      size="compact-md"
      variant={values.length > 0 ? "light" : "default"}
      className={classes.facet}
      rightSection={<IconChevronDown size={14} aria-hidden />}
    >
      {label}
      {values.length > 0 && <span className={classes.count}>{values.length}</span>}
    </Button>
  );
  return <OnDemand menu={LIST} given={props} target={target} />;
}
