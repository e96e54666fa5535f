import { Anchor, Progress, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { useLanguage } from "@/replica/hooks";
import { inBytes } from "./bytes";

/** What reports and exports have in common: a file that is being made, or is there. */
export type Made = {
  state: "done" | "failed" | "running" | "waiting";
  progress: number;
  error: string | null;
  name: string | null;
  size: number | null;
  download_url: string | null;
};

/** How far a file has come, then the way to it; told aloud when that changes. */
export function FileState({ made, label }: { made: Made; label: string }) {
  const { t } = useTranslation("parts");
  const language = useLanguage();
  const { state, progress, error, name, size, download_url: url } = made;
  const percent = Math.round(progress * 100);
  if (state === "waiting" || state === "running") {
    return (
      <div style={{ flex: "0 1 9rem" }}>
        <Text size="sm" span>
          {t(`file.${state}`, { percent })}
        </Text>
        <Progress.Root size="lg">
          <Progress.Section value={percent} aria-label={label} />
        </Progress.Root>
      </div>
    );
  }
  if (state === "failed") {
    return (
      <Text size="sm" c="red" span style={{ flex: "0 1 20rem" }} lang={error ? "en" : undefined}>
        {error ?? t("file.failed")}
      </Text>
    );
  }
  if (url === null) return <Text size="sm">{t("file.gone")}</Text>;
  return (
    <Anchor
      href={url}
      download={name ?? true}
      size="sm"
      style={{ display: "inline-flex", alignItems: "center", gap: "0.3rem", minBlockSize: 32 }}
    >
      <IconDownload size={18} aria-hidden />
      <span>
        {t("file.download")}
        {size !== null && ` (${inBytes(size, language)})`}
      </span>
    </Anchor>
  );
}
