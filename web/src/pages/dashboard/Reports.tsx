import { ActionIcon, Button, NativeSelect } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { ErrorNote } from "@/parts/ErrorNote";
import { FileState } from "@/parts/FileState";
import type { Filter } from "@/parts/filters";
import { useLanguage, useZone } from "@/replica/hooks";
import type { View } from "@/replica/workspace";
import { nowMs } from "@/time/clock";
import { formatAgo, formatDay, localeFor } from "@/time/format";
import classes from "./dashboard.module.css";
import type { Range } from "./range";
import { Schedules } from "./Schedules";

export type Spec = Schemas["ReportSpec"];
type Report = Schemas["ReportOut"];

export const KINDS = ["summary", "tasks"] as const;
export const FORMATS = ["pdf", "xlsx", "csv", "json"] as const;

const POLL_MS = 1_500;

type Props = { view: View; range: Range; filter: Filter };

/** Files about the days and tasks of the page: asked for, then fetched when they are made. */
export default function Reports({ view, range, filter }: Props) {
  const { t } = useTranslation("dashboard");
  const client = useQueryClient();
  const w = view.id;
  const key = ["reports", w];
  const {
    data: list,
    error,
    refetch,
  } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/workspaces/{w}/reports", { params: { path: { w } }, signal })),
    refetchInterval: ({ state }) =>
      state.data?.items.some((one) => one.state === "waiting" || one.state === "running")
        ? POLL_MS
        : false,
  });
  const ask = async (spec: Spec) => {
    await api.POST("/api/v1/workspaces/{w}/reports", {
      params: { path: { w }, header: { "Idempotency-Key": newKey() } },
      body: spec,
    });
    await client.invalidateQueries({ queryKey: key });
  };
  const remove = async ({ id, spec }: Report) => {
    const path = { w, report_id: id };
    await api.DELETE("/api/v1/workspaces/{w}/reports/{report_id}", { params: { path } });
    await client.invalidateQueries({ queryKey: key });
    void tell({ text: t("reports.removed"), undo: () => void ask(spec).catch(fail) });
  };
  return (
    <section className={classes.reports} aria-labelledby="reports">
      <h2 id="reports">{t("reports.title")}</h2>
      <p className={classes.note}>{t("reports.hint")}</p>
      <Ask range={range} filter={filter} onAsk={ask} />
      {error !== null && <ErrorNote error={error} onRetry={() => void refetch()} />}
      <ul className={classes.rows} aria-live="polite">
        {list?.items.map((report) => (
          <ReportRow
            key={report.id}
            report={report}
            onRemove={() => void remove(report).catch(fail)}
          />
        ))}
      </ul>
      <Schedules view={view} />
    </section>
  );
}

type AskProps = { range: Range; filter: Filter; onAsk: (spec: Spec) => Promise<void> };

function Ask({ range, filter, onAsk }: AskProps) {
  const { t } = useTranslation("dashboard");
  const [kind, setKind] = useState<Spec["kind"]>("summary");
  const [format, setFormat] = useState<Spec["format"]>("pdf");
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    const { project, assignee, label } = filter;
    const narrowed = {
      ...(project.length > 0 && { project: [...project] }),
      ...(assignee.length > 0 && { assignee: [...assignee] }),
      ...(label[0] !== undefined && { label: label[0] }),
    };
    // Of tasks all that are there: those made in some days alone are seldom what is wanted.
    const days = kind === "summary" ? { from: range.from, to: range.to } : {};
    await onAsk({ kind, format, filter: narrowed, ...days }).catch(fail);
    setBusy(false);
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <KindAndFormat {...{ kind, format }} onKind={setKind} onFormat={setFormat} />
      <Button type="submit" loading={busy}>
        {t("reports.make")}
      </Button>
    </form>
  );
}

type Choice = {
  kind: Spec["kind"];
  format: Spec["format"];
  onKind: (kind: Spec["kind"]) => void;
  onFormat: (format: Spec["format"]) => void;
};

export function KindAndFormat({ kind, format, onKind, onFormat }: Choice) {
  const { t } = useTranslation("dashboard");
  return (
    <>
      <NativeSelect
        label={t("reports.kind")}
        value={kind}
        data={KINDS.map((value) => ({ value, label: t(`reports.${value}`) }))}
        onChange={({ currentTarget }) => onKind(currentTarget.value as Spec["kind"])}
      />
      <NativeSelect
        label={t("reports.format")}
        value={format}
        data={FORMATS.map((value) => ({ value, label: t(`reportsFormats.${value}`) }))}
        onChange={({ currentTarget }) => onFormat(currentTarget.value as Spec["format"])}
      />
    </>
  );
}

function ReportRow({ report, onRemove }: { report: Report; onRemove: () => void }) {
  const { t } = useTranslation("dashboard");
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const { spec, created_at, state } = report;
  const days =
    spec.from !== undefined && spec.to !== undefined
      ? `${formatDay(spec.from, locale)} – ${formatDay(spec.to, locale)}`
      : "";
  const name = [t(`reports.${spec.kind}`), spec.format.toUpperCase(), days]
    .filter(Boolean)
    .join(", ");
  const going = state === "waiting" || state === "running";
  return (
    <li className={classes.row}>
      <span className={classes.what}>
        {name} <span className={classes.note}>{formatAgo(created_at, nowMs(), locale, zone)}</span>
      </span>
      <FileState made={report} label={name} />
      <ActionIcon
        variant="subtle"
        color="red"
        size="lg"
        aria-label={t(going ? "reports.cancel" : "reports.remove", { name })}
        onClick={onRemove}
      >
        <IconTrash size={18} aria-hidden />
      </ActionIcon>
    </li>
  );
}
