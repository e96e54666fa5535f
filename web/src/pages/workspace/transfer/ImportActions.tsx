import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { store } from "@/replica/store";
import { nowMs } from "@/time/clock";
import type { Import } from "./queries";
import classes from "./transfer.module.css";

type Props = { workspaceId: string; one: Import; onChange: () => Promise<void> };

/** What can be done with an import as it stands. */
export function ImportActions({ workspaceId, one, onChange }: Props) {
  const { t } = useTranslation("workspace");
  const [busy, setBusy] = useState(false);
  const { id, state, dry_run, name, error, format, undo_until } = one;
  const params = { path: { w: workspaceId, import_id: id } };
  const doing = (act: () => Promise<unknown>) => async () => {
    setBusy(true);
    await act().catch(fail);
    await onChange();
    setBusy(false);
  };
  const bad = one.problems.some(({ kind }) => kind === "bad_records");
  const start = (skip: boolean) =>
    doing(() =>
      api.POST("/api/v1/workspaces/{w}/imports/{import_id}/start", {
        params,
        body: { dry_run: false, ...(skip && { skip_bad_lines: true }) },
      }),
    );
  const cancel = doing(async () => {
    await api.DELETE("/api/v1/workspaces/{w}/imports/{import_id}", { params });
    void tell({ text: t("import.cancelled", { name }) });
  });
  const dismiss = doing(async () => {
    await api.DELETE("/api/v1/workspaces/{w}/imports/{import_id}", { params });
    void tell({ text: t("import.dismissed", { name }) });
  });
  const undo = (partial: boolean) =>
    doing(() =>
      api.POST("/api/v1/workspaces/{w}/imports/{import_id}/undo", {
        params: { ...params, header: { "Idempotency-Key": newKey() } },
        body: { partial },
      }),
    );
  const wrote = Object.values(one.written).some((count) => count > 0);
  const ended = !dry_run && (state === "done" || state === "cancelled" || state === "failed");
  const undoable =
    ended && wrote && format !== "json" && undo_until !== null && Date.parse(undo_until) > nowMs();
  return (
    <div className={classes.actions}>
      {(state === "waiting" || state === "running") && (
        <Button variant="default" loading={busy} onClick={() => void cancel()}>
          {t("cancel")}
        </Button>
      )}
      {dry_run && state === "done" && (
        <>
          <Button loading={busy} onClick={() => void start(bad)()}>
            {t(bad ? "import.nowRest" : "import.now")}
          </Button>
          <Button variant="default" disabled={busy} onClick={() => void dismiss()}>
            {t("import.dismiss")}
          </Button>
        </>
      )}
      {state === "failed" && (
        <Button variant="default" loading={busy} onClick={() => void start(bad)()}>
          {t(bad ? "import.nowRest" : "import.retry")}
        </Button>
      )}
      {undoable && (
        <Button variant="default" color="red" loading={busy} onClick={() => void undo(false)()}>
          {t("import.undo")}
        </Button>
      )}
      {undoable && state === "done" && error !== null && (
        <Button variant="default" loading={busy} onClick={() => void undo(true)()}>
          {t("import.undoPartly")}
        </Button>
      )}
      {format === "json" && state === "done" && !dry_run && one.workspace_id !== null && (
        <Button
          renderRoot={(props) => (
            <Link
              to="/w/$workspace/list"
              params={{ workspace: one.workspace_id ?? "" }}
              {...props}
            />
          )}
          onClick={() => void store().loadWorkspaces()}
        >
          {t("import.open")}
        </Button>
      )}
    </div>
  );
}
