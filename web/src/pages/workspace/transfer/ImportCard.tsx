import { Alert, Badge, Progress, Text } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { inBytes } from "@/parts/bytes";
import { useLanguage, useZone } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { formatAgo, localeFor } from "@/time/format";
import { Columns } from "./Columns";
import { ImportActions } from "./ImportActions";
import { Mapping, Problems, Things } from "./ImportParts";
import { going, type Import } from "./queries";
import classes from "./transfer.module.css";

type Props = { workspaceId: string; one: Import; onChange: () => Promise<void> };

const COLOURS: Readonly<Record<string, string>> = {
  failed: "red",
  undone: "gray",
  cancelled: "gray",
};

/** One import: what the file holds, what becomes of it, how far it is, and what can be done. */
export function ImportCard({ workspaceId, one, onChange }: Props) {
  const { t } = useTranslation("workspace");
  const language = useLanguage();
  const zone = useZone();
  const { state, dry_run, name, size, progress, error, format } = one;
  const looked = dry_run && state === "done";
  const percent = Math.round(progress * 100);
  const word = looked ? "looked" : dry_run && state === "running" ? "looking" : state;
  return (
    <li className={classes.card}>
      <div className={classes.head}>
        <h3>{name || t(`importFormats.${format}`)}</h3>
        <Badge variant="light" color={COLOURS[state] ?? "cyan"}>
          {t(`importStates.${word}`)}
        </Badge>
        <span className={classes.note}>
          {t(`importFormats.${format}`)} · {inBytes(size, language)} ·{" "}
          {formatAgo(one.created_at, nowMs(), localeFor(language), zone)}
        </span>
      </div>
      {going(one) && (
        <Progress.Root size="lg" my="xs">
          <Progress.Section value={percent} aria-label={t("import.progress", { name })} />
        </Progress.Root>
      )}
      {error !== null && (
        <Alert color="red" variant="outline" my="xs" title={t("import.failed")}>
          <Text size="sm" lang="en">
            {error}
          </Text>
        </Alert>
      )}
      {/* What is being read is counted anew each time. */}
      {!going(one) && <Things title={t("import.found")} things={one.found} />}
      {!dry_run && <Things title={t("import.written")} things={one.written} />}
      {one.unchanged > 0 && (
        <Text size="sm">{t("import.unchanged", { count: one.unchanged })}</Text>
      )}
      <Problems list={one.problems} />
      {one.left.length > 0 && (
        <details>
          <summary>{t("import.left", { count: one.left.length })}</summary>
          <ul>
            {one.left.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
      <Mapping list={one.mapping} />
      {format === "csv" && one.columns.length > 0 && (looked || state === "failed") && (
        <Columns workspaceId={workspaceId} one={one} onChange={onChange} />
      )}
      <ImportActions workspaceId={workspaceId} one={one} onChange={onChange} />
    </li>
  );
}
