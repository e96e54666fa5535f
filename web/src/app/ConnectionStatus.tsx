import { Badge } from "@mantine/core";
import { IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { useConnection } from "@/replica/hooks";

const LATE_MS = 4_000;

/** Says when there is no network or no answer from the server, and how much waits for it. */
export function ConnectionStatus() {
  const { t } = useTranslation("shell");
  const { online, waiting } = useConnection();
  const late = useLate(waiting > 0);
  return (
    <span role="status">
      {!online && (
        <Badge variant="light" color="gray" size="lg" leftSection={<IconCloudOff size={14} />}>
          {waiting > 0 ? t("offlineWaiting", { count: waiting }) : t("offline")}
        </Badge>
      )}
      {online && (late || waiting > 2) && (
        <Badge variant="light" size="lg" leftSection={<IconCloudUp size={14} />}>
          {t(late ? "late" : "sending", { count: waiting })}
        </Badge>
      )}
    </span>
  );
}

/** Whether it has been so for longer than sending takes. */
function useLate(waits: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!waits) return;
    const timer = setTimeout(() => setLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, [waits]);
  return late;
}
