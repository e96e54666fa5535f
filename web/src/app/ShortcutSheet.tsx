import { Kbd, Modal, Stack, Switch, Table, Text } from "@mantine/core";
import { Fragment, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { isMac, shortcutsOn, switchShortcuts, useShortcutList } from "@/parts/shortcuts";

/** All that keys do on this page. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("shell");
  const groups = useShortcutList();
  const keyName = (key: string): string =>
    t(`keyNames.${key}`, { defaultValue: key.replace("mod+", isMac() ? "⌘ " : "Ctrl ") });
  const [on, setOn] = useState(shortcutsOn);
  const turn = (next: boolean) => {
    switchShortcuts(next);
    setOn(next);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("shortcuts")}
      size="lg"
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack>
        <Switch
          label={t("singleKeys")}
          description={t("singleKeysHint")}
          checked={on}
          onChange={({ currentTarget }) => turn(currentTarget.checked)}
        />
        {groups.map(({ name, shortcuts }) => (
          <section key={name}>
            <Text component="h3" fw={600} size="sm">
              {name}
            </Text>
            <Table verticalSpacing={4}>
              <Table.Tbody>
                {shortcuts.map(({ keys, label }) => (
                  <Table.Tr key={keys}>
                    <Table.Td>{label}</Table.Td>
                    <Table.Td ta="end">
                      {keys.split(" ").map((key, i) => (
                        <Fragment key={`${keys}-${key}`}>
                          {i > 0 && ` ${t("then")} `}
                          <Kbd>{keyName(key)}</Kbd>
                        </Fragment>
                      ))}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </section>
        ))}
      </Stack>
    </Modal>
  );
}
