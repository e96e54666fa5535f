import { Button, FileButton, NativeSelect, Progress, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { type DragEvent, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { inBytes } from "@/parts/bytes";
import { ErrorNote } from "@/parts/ErrorNote";
import { useLanguage } from "@/replica/hooks";
import { FORMATS, type Format, formatOf, headOf } from "./fileKind";
import classes from "./transfer.module.css";
import { upload } from "./upload";

type Props = { workspaceId: string; onSent: () => Promise<void> };

type Sending = { part: number; control: AbortController };

/** A place to drop a file, or to choose one; it is sent at once where it is clear what it is. */
export function Choose({ workspaceId, onSent }: Props) {
  const { t } = useTranslation("workspace");
  const language = useLanguage();
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState<Format>("csv");
  const [sending, setSending] = useState<Sending | null>(null);
  const [over, setOver] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const again = useRef<() => void>(null);

  const send = async (chosen: File, as: Format) => {
    const control = new AbortController();
    setError(null);
    setSending({ part: 0, control });
    try {
      const told = (part: number) => setSending({ part, control });
      await upload(workspaceId, chosen, as, told, control.signal);
      setFile(null);
      await onSent();
    } catch (problem) {
      if (!control.signal.aborted) setError(problem);
    }
    again.current?.();
    setSending(null);
  };
  const take = async (chosen: File | null | undefined) => {
    if (!chosen || sending !== null) return;
    setError(null);
    setFile(chosen);
    const known = formatOf(chosen.name, await headOf(chosen));
    if (known !== null) {
      setFormat(known);
      await send(chosen, known);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(event.dataTransfer.files[0]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button within does the same by keyboard
    <div
      className={classes.drop}
      data-over={over}
      onDrop={drop}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
    >
      {sending === null ? (
        <>
          <Text>{t("import.drop")}</Text>
          <FileButton onChange={(chosen) => void take(chosen)} resetRef={again}>
            {(props) => (
              <Button {...props} leftSection={<IconUpload size={18} aria-hidden />}>
                {t("import.choose")}
              </Button>
            )}
          </FileButton>
          {file !== null && (
            <div className={classes.chosen}>
              <Text>{file.name}</Text>
              <NativeSelect
                label={t("import.what")}
                value={format}
                data={FORMATS.map((value) => ({ value, label: t(`importFormats.${value}`) }))}
                onChange={({ currentTarget }) => setFormat(currentTarget.value as Format)}
              />
              <Button onClick={() => void send(file, format)}>{t("import.look")}</Button>
            </div>
          )}
        </>
      ) : (
        <>
          <Text role="status">
            {t("import.sending", { name: file?.name, size: inBytes(file?.size ?? 0, language) })}
          </Text>
          <Progress.Root size="lg" className={classes.progress}>
            <Progress.Section value={sending.part * 100} aria-label={file?.name} />
          </Progress.Root>
          <Button variant="default" onClick={() => sending.control.abort()}>
            {t("cancel")}
          </Button>
        </>
      )}
      {error !== null && (
        <ErrorNote error={error} onRetry={file ? () => void send(file, format) : undefined} />
      )}
    </div>
  );
}
