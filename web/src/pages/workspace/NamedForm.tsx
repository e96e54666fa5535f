import {
  Button,
  Checkbox,
  ColorInput,
  Group,
  Modal,
  Stack,
  Textarea,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { asProblem, type Problem } from "@/api/problem";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { useFocusReturned } from "@/parts/focus";

export type Named = {
  name: string;
  color: string | null;
  description?: string;
  archived?: boolean;
};

type Props = {
  title: string;
  initial: Named;
  /** Throws a `Problem` where it is refused. */
  onSave: (named: Named) => Promise<void>;
  onClose: () => void;
};

const COLOURS = [
  "#0b7285",
  "#1971c2",
  "#5f3dc4",
  "#a61e4d",
  "#c92a2a",
  "#d9480f",
  "#2b8a3e",
  "#495057",
];

/** A project or a label: what it is called and looks like. */
export function NamedForm({ title, initial, onSave, onClose }: Props) {
  const { t } = useTranslation("workspace");
  const { field, whole } = useProblemWords();
  // The modal does so itself only where it was there before it opened.
  useFocusReturned();
  const [named, setNamed] = useState(initial);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const set = (part: Partial<Named>) => setNamed((before) => ({ ...before, ...part }));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onSave(named);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  const nameError = field(problem, "name") ?? (problem ? whole(problem) : null);
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <TextInput
            label={t("name")}
            required
            maxLength={100}
            data-autofocus
            value={named.name}
            error={nameError}
            onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          />
          <ColorInput
            label={t("colour")}
            value={named.color ?? ""}
            swatches={COLOURS}
            format="hex"
            withEyeDropper={false}
            onChange={(value) => set({ color: /^#[0-9a-f]{6}$/i.test(value) ? value : null })}
          />
          {named.description !== undefined && (
            <Textarea
              label={t("description")}
              autosize
              minRows={2}
              maxRows={8}
              value={named.description}
              onChange={({ currentTarget }) => set({ description: currentTarget.value })}
            />
          )}
          {named.archived !== undefined && (
            <Checkbox
              label={t("projects.archived")}
              description={t("projects.archivedHint")}
              checked={named.archived}
              onChange={({ currentTarget }) => set({ archived: currentTarget.checked })}
            />
          )}
          <Group justify="flex-end">
            <Button variant="subtle" onClick={onClose}>
              {t("cancel")}
            </Button>
            <Button type="submit" loading={busy}>
              {t("save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
