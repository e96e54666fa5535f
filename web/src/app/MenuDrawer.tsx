import { Drawer } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { Navigation } from "./Navigation";
import type { Overlay } from "./Shell";

type Props = { onClose: () => void; onOpen: (overlay: Overlay) => void };

/** The navigation, on a phone. */
export default function MenuDrawer({ onClose, onOpen }: Props) {
  const { t } = useTranslation("shell");
  return (
    <Drawer
      opened
      onClose={onClose}
      title={t("navigation")}
      size="xs"
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Navigation onOpen={onOpen} />
    </Drawer>
  );
}
