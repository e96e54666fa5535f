import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, data } from "@/api/client";
import { adopt } from "@/api/session";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { useMe } from "@/replica/hooks";
import { Leaving } from "./Leaving";

/** The session has ended elsewhere: sign in over the page, nothing on it is lost. */
export default function SignInAgain() {
  const { t } = useTranslation("shell");
  const { whole } = useProblemWords();
  const me = useMe();
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [leaving, setLeaving] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      const body = { email: me?.email ?? "", password, cookie: true };
      adopt(await data(api.POST("/api/v1/auth/login", { body })));
    } catch (problem) {
      setError(whole(problem));
    } finally {
      setBusy(false);
    }
  };

  if (leaving) return <Leaving onStay={() => setLeaving(false)} />;
  return (
    <Modal opened onClose={() => null} withCloseButton={false} title={t("ended.title")} centered>
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <Text size="sm">{t("ended.text")}</Text>
          <input type="hidden" name="username" autoComplete="username" value={me?.email ?? ""} />
          <PasswordInput
            label={t("ended.password", { email: me?.email ?? "" })}
            autoComplete="current-password"
            data-autofocus
            value={password}
            error={error}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          />
          <Group justify="space-between">
            <Button
              variant="subtle"
              h="auto"
              py="xs"
              styles={{ label: { whiteSpace: "normal" } }}
              onClick={() => setLeaving(true)}
            >
              {t("ended.leave")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("ended.signIn")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
