import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { can, useRole, useView, useWorkspaceId } from "@/replica/hooks";
import { change } from "@/replica/online";
import { store } from "@/replica/store";
import { Page } from "./Page";

export function WorkspaceSettingsPage() {
  const { t } = useTranslation("workspace");
  const w = useWorkspaceId();
  const { head } = useView(w);
  const manages = can.manage(useRole(w));
  if (head === undefined) return <PageSkeleton />;
  const { name, personal } = head.workspace;
  return (
    <Page title={t("settings.title")}>
      <Stack gap="xl">
        {manages ? <Rename key={name} workspaceId={w} name={name} /> : <Text>{name}</Text>}
        <Text size="sm">
          {t("settings.id")} <code>{w}</code>
        </Text>
        {manages && !personal && <Removal workspaceId={w} name={name} />}
        {personal && <Text size="sm">{t("settings.personal")}</Text>}
      </Stack>
    </Page>
  );
}

function Rename({ workspaceId, name }: { workspaceId: string; name: string }) {
  const { t } = useTranslation("workspace");
  const { whole } = useProblemWords();
  const [next, setNext] = useState(name);
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const renamed = api.PATCH("/api/v1/workspaces/{w}", {
        params: { path: { w: workspaceId } },
        body: { name: next },
      });
      await change<unknown>(workspaceId, renamed, t("settings.renamed", { name: next }));
      await store().loadWorkspaces();
    } catch (problem) {
      setError(whole(problem));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Group align="flex-end">
        <TextInput
          label={t("name")}
          required
          maxLength={100}
          value={next}
          error={error}
          style={{ flex: "1 1 16rem" }}
          onChange={({ currentTarget }) => setNext(currentTarget.value)}
        />
        <Button type="submit" disabled={next.trim() === name}>
          {t("save")}
        </Button>
      </Group>
    </form>
  );
}

/** The one thing that cannot be taken back: its name has to be typed. */
function Removal({ workspaceId, name }: { workspaceId: string; name: string }) {
  const { t } = useTranslation("workspace");
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const remove = async () => {
    await api.DELETE("/api/v1/workspaces/{w}", { params: { path: { w: workspaceId } } });
    await navigate({ to: "/my-tasks" });
    await store().loadWorkspaces();
    void tell({ text: t("settings.removed", { name }) });
  };
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {t("settings.remove")}
      </Title>
      <Text size="sm">{t("settings.removeHint")}</Text>
      <Group align="flex-end">
        <TextInput
          label={t("settings.typeName", { name })}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <Button
          color="red"
          variant="outline"
          disabled={typed.trim() !== name.trim()}
          onClick={() => void remove().catch(fail)}
        >
          {t("settings.remove")}
        </Button>
      </Group>
    </Stack>
  );
}
