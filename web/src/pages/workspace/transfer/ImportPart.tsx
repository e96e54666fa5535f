import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "@/i18n/words";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { can, useRole } from "@/replica/hooks";
import { Choose } from "./Choose";
import { ImportCard } from "./ImportCard";
import { useAgain, useImports } from "./queries";
import classes from "./transfer.module.css";

const FEW = 4;

/** Bringing tasks in from a file: looked at first, then imported, undone if it was a mistake. */
export function ImportPart({ workspaceId }: { workspaceId: string }) {
  const { t } = useTranslation("workspace");
  const owns = can.manage(useRole(workspaceId));
  return (
    <section className={classes.part} aria-labelledby="import">
      <h2 id="import">{t("import.title")}</h2>
      {owns ? (
        <Owned workspaceId={workspaceId} />
      ) : (
        <p className={classes.hint}>{t("import.notOwner")}</p>
      )}
    </section>
  );
}

function Owned({ workspaceId }: { workspaceId: string }) {
  const { t } = useTranslation("workspace");
  const list = useImports(workspaceId);
  const again = useAgain("imports", workspaceId);
  const [all, setAll] = useState(false);
  // What was only looked at, and is not wanted, is over.
  const items = (list.data?.items ?? []).filter(
    ({ dry_run, state }) => !(dry_run && state === "cancelled"),
  );
  return (
    <>
      <p className={classes.hint}>{t("import.hint")}</p>
      <Choose workspaceId={workspaceId} onSent={again} />
      {list.error !== null && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <PageSkeleton rows={3} />}
      <ul className={classes.cards} aria-label={t("import.earlier")} hidden={items.length === 0}>
        {(all ? items : items.slice(0, FEW)).map((one) => (
          <ImportCard key={one.id} workspaceId={workspaceId} one={one} onChange={again} />
        ))}
      </ul>
      {!all && items.length > FEW && (
        <Button variant="subtle" onClick={() => setAll(true)}>
          {t("import.more", { count: items.length - FEW })}
        </Button>
      )}
    </>
  );
}
