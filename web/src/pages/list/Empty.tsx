import { Skeleton } from "@mantine/core";
import { IconChecklist, IconFilterOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import classes from "./list.module.css";

const ROWS = Array.from({ length: 14 }, (_, i) => i);

/** As high as the rows that come. */
export function ListSkeleton() {
  const { t } = useTranslation("list");
  return (
    <div className={classes.skeleton} role="status" aria-label={t("loading")}>
      {ROWS.map((i) => (
        <div key={i} className={classes.skeletonRow}>
          <Skeleton height={14} width={`${30 + ((i * 37) % 50)}%`} />
        </div>
      ))}
    </div>
  );
}

export function NoMatch({ children }: { children: ReactNode }) {
  const { t } = useTranslation("list");
  return (
    <EmptyState
      icon={<IconFilterOff />}
      title={t("empty.noMatch")}
      text={t("empty.noMatchText")}
      action={children}
    />
  );
}

export function NoTasks({ editable }: { editable: boolean }) {
  const { t } = useTranslation("list");
  return (
    <EmptyState
      icon={<IconChecklist />}
      title={t("empty.none")}
      text={t(editable ? "empty.noneText" : "empty.noneViewer")}
    />
  );
}
