import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useEffect } from "react";
import { signOut } from "@/api/session";
import { useTranslation } from "@/i18n/words";
import { useConnection } from "@/replica/hooks";
import { useSessionState } from "./SessionGuard";

/** Signs out when nothing waits to be sent; until then it says so, and asks whether to lose it. */
export function Leaving({ onStay }: { onStay: () => void }) {
  const { t } = useTranslation("shell");
  const { online, waiting, asking } = useConnection();
  const ended = useSessionState() === "ended";
  const count = waiting + asking.length;
  useEffect(() => {
    if (count === 0) void signOut();
  }, [count]);
  if (count === 0) return null;
  const why = ended ? "ended" : !online ? "offline" : waiting === 0 ? "asking" : "sending";
  return (
    <Modal opened onClose={onStay} title={t("leaving.title", { count })} centered>
      <Stack>
        <Text size="sm">{t(`leaving.${why}`)}</Text>
        <Group justify="space-between">
          <Button variant="subtle" color="red" onClick={() => void signOut()}>
            {t("leaving.lose")}
          </Button>
          <Button data-autofocus onClick={onStay}>
            {t(ended ? "ended.signIn" : "leaving.stay")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
