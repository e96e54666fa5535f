import { ActionIcon, Button, NativeSelect } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { api } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { ErrorNote } from "@/parts/ErrorNote";
import { FileState } from "@/parts/FileState";
import { can, useLanguage, useRole, useZone } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { formatAgo, localeFor } from "@/time/format";
import page from "../workspace.module.css";
import { type Export, going, useAgain, useExports } from "./queries";
import classes from "./transfer.module.css";

type Format = Export["format"];

/** The workspace as a file to take away. */
export function ExportPart({ workspaceId }: { workspaceId: string }) {
  const { t } = useTranslation("workspace");
  const owns = can.manage(useRole(workspaceId));
  const list = useExports(workspaceId);
  const again = useAgain("exports", workspaceId);
  const [format, setFormat] = useState<Format>("csv");
  const [asking, setAsking] = useState(false);
  const isGoing = (one: Export) => one.format === format && going(one);
  const busy = asking || list.data?.items.some(isGoing) === true;
  const formats: readonly Format[] = owns ? ["csv", "ics", "json"] : ["csv", "ics"];
  const ask = async (wanted: Format) => {
    await api.POST("/api/v1/workspaces/{w}/exports", {
      params: { path: { w: workspaceId }, header: { "Idempotency-Key": newKey() } },
      body: { format: wanted },
    });
    await again();
  };
  const remove = async (one: Export) => {
    const path = { w: workspaceId, export_id: one.id };
    await api.DELETE("/api/v1/workspaces/{w}/exports/{export_id}", { params: { path } });
    await again();
    void tell({ text: t("export.removed"), undo: () => void ask(one.format).catch(fail) });
  };
  return (
    <section className={classes.part} aria-labelledby="export">
      <h2 id="export">{t("export.title")}</h2>
      <p className={classes.hint}>{t(owns ? "export.hint" : "export.hintMember")}</p>
      <form
        className={classes.head}
        onSubmit={(event) => {
          event.preventDefault();
          if (busy) return;
          setAsking(true);
          void ask(format)
            .catch(fail)
            .finally(() => setAsking(false));
        }}
      >
        <NativeSelect
          aria-label={t("export.format")}
          value={format}
          data={formats.map((value) => ({ value, label: t(`exportFormats.${value}`) }))}
          onChange={({ currentTarget }) => setFormat(currentTarget.value as Format)}
        />
        {/* Not `disabled`, which would take the focus away. */}
        <Button type="submit" aria-disabled={busy} data-disabled={busy}>
          {t("export.make")}
        </Button>
      </form>
      {list.error !== null && <ErrorNote error={list.error} onRetry={() => void list.refetch()} />}
      <ul className={page.rows} aria-live="polite" hidden={!list.data?.items.length}>
        {list.data?.items.map((one) => (
          <Row key={one.id} one={one} onRemove={() => void remove(one).catch(fail)} />
        ))}
      </ul>
    </section>
  );
}

function Row({ one, onRemove }: { one: Export; onRemove: () => void }) {
  const { t } = useTranslation("workspace");
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const name = one.name ?? t(`exportFormats.${one.format}`);
  return (
    <li className={page.row}>
      <span className={page.name}>
        {name}
        <span className={page.note}>{formatAgo(one.created_at, nowMs(), locale, zone)}</span>
      </span>
      <FileState made={one} label={name} />
      <ActionIcon
        variant="subtle"
        color="red"
        size="lg"
        aria-label={t(going(one) ? "export.cancel" : "remove", { name })}
        onClick={onRemove}
      >
        <IconTrash size={18} aria-hidden />
      </ActionIcon>
    </li>
  );
}
