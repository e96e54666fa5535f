import { Badge } from "@mantine/core";
import { IconCloudOff, IconCloudUp } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { useConnection } from "@/replica/hooks";

/** Says when there is no network, and how much waits for it. */
export function ConnectionStatus() {
  const { t } = useTranslation("shell");
  const { online, waiting } = useConnection();
  return (
    <span role="status">
      {!online && (
        <Badge variant="light" color="gray" size="lg" leftSection={<IconCloudOff size={14} />}>
          {waiting > 0 ? t("offlineWaiting", { count: waiting }) : t("offline")}
        </Badge>
      )}
      {online && waiting > 2 && (
        <Badge variant="light" size="lg" leftSection={<IconCloudUp size={14} />}>
          {t("sending", { count: waiting })}
        </Badge>
      )}
    </span>
  );
}
