import { Skeleton } from "@mantine/core";
import classes from "./dashboard.module.css";

const KEYS = ["days", "flow", "burn", "parts", "times"] as const;

/** As tall as the plots that come. */
export function PlotsSkeleton() {
  return (
    <div className={classes.plots} aria-hidden>
      {KEYS.map((key) => (
        <Skeleton key={key} className={classes.part} height="21rem" />
      ))}
    </div>
  );
}
