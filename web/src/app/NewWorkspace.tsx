import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, data } from "@/api/client";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { store } from "@/replica/store";

/** A name, and the workspace is there. */
export default function NewWorkspace({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("shell");
  const navigate = useNavigate();
  const { whole } = useProblemWords();
  const [name, setName] = useState("");
  const [key] = useState(newKey);
  const [error, setError] = useState<string | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const headers = { "Idempotency-Key": key };
      const made = await data(api.POST("/api/v1/workspaces", { headers, body: { name } }));
      await store().loadWorkspaces();
      onClose();
      await navigate({ to: `/w/${made.id}/list` });
    } catch (problem) {
      setError(whole(problem));
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      title={t("newWorkspaceTitle")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <TextInput
            label={t("workspaceName")}
            description={t("workspaceHint")}
            required
            maxLength={100}
            data-autofocus
            value={name}
            error={error}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="subtle" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit">{t("create")}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
