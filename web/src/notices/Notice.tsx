import { Button, Group, Text } from "@mantine/core";
import { useTranslation } from "@/i18n/words";

type Props = { text: string; undo: (() => void) | undefined; close: () => void };

export function Notice({ text, undo, close }: Props) {
  const { t } = useTranslation();
  const takeBack = () => {
    undo?.();
    close();
  };
  return (
    <Group justify="space-between" wrap="nowrap" gap="sm">
      <Text size="sm" dir="auto">
        {text}
      </Text>
      {undo && (
        <Button size="compact-sm" variant="subtle" flex="none" onClick={takeBack}>
          {t("undo")}
        </Button>
      )}
    </Group>
  );
}
