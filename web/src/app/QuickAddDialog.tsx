import { Modal, NativeSelect, Stack } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "@/i18n/words";
import { QuickAddHere } from "@/parts/QuickAdd/QuickAddHere";
import { can, useWorkspaceId, useWorkspaces } from "@/replica/hooks";
import { lastWorkspace, oneOf } from "@/replica/lastWorkspace";

/** Type a task, wherever one is. */
export default function QuickAddDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("shell");
  const navigate = useNavigate();
  const here = useWorkspaceId();
  const workspaces = useWorkspaces().filter(({ role }) => can.edit(role));
  // One may be looking at a workspace that one only reads.
  const [chosen, setChosen] = useState(
    here === "" ? lastWorkspace(workspaces) : oneOf(workspaces, here),
  );
  const done = (opened: { number: number } | null) => {
    onClose();
    if (opened)
      void navigate({ to: `/w/${chosen}/list`, search: { task: opened.number } as never });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("addTask")}
      size="lg"
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack>
        <NativeSelect
          label={t("workspace")}
          value={chosen}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
          data={workspaces.map(({ id, name: label, personal }) => ({
            value: id,
            label: personal ? t("personal") : label,
          }))}
        />
        <QuickAddHere key={chosen} workspaceId={chosen} autoFocus onDone={done} />
      </Stack>
    </Modal>
  );
}
