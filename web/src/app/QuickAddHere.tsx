import { TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createTask } from "@/replica/actions";

type Props = {
  workspaceId: string;
  autoFocus?: boolean;
  onDone?: (opened: { number: number } | null) => void;
};

export function QuickAddHere({ workspaceId, autoFocus = false, onDone }: Props) {
  const { t } = useTranslation("shell");
  const [title, setTitle] = useState("");
  return (
    <TextInput
      aria-label={t("addTask")}
      data-autofocus={autoFocus}
      value={title}
      onChange={({ currentTarget }) => setTitle(currentTarget.value)}
      onKeyDown={({ key }) => {
        if (key !== "Enter" || title.trim() === "") return;
        createTask(workspaceId, { title: title.trim() });
        setTitle("");
        onDone?.(null);
      }}
    />
  );
}
