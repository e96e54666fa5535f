import { Kbd, Menu } from "@mantine/core";
import { IconKeyboard, IconLogout, IconSettings, IconShield } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "@/i18n/words";
import { useMe } from "@/replica/hooks";
import { AccountButton } from "./AccountButton";
import { Leaving } from "./Leaving";
import type { Overlay } from "./Shell";

type Props = { onOpen: (overlay: Overlay) => void };

/** Opened when it comes: its code is fetched when somebody wants it. */
export default function AccountMenu({ onOpen }: Props) {
  const { t } = useTranslation("shell");
  const me = useMe();
  const [leaving, setLeaving] = useState(false);
  return (
    <>
      <Menu position="bottom-end" width={240} defaultOpened>
        <Menu.Target>
          <AccountButton />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <span dir="auto">{me?.name}</span>
            <br />
            {me?.email}
          </Menu.Label>
          <Menu.Item
            leftSection={<IconSettings size={16} />}
            renderRoot={(props) => <Link to="/settings/profile" {...props} />}
          >
            {t("settings")}
          </Menu.Item>
          {me?.role === "admin" && (
            <Menu.Item
              leftSection={<IconShield size={16} />}
              renderRoot={(props) => <Link to="/admin/users" {...props} />}
            >
              {t("admin")}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconKeyboard size={16} />}
            rightSection={<Kbd size="xs">?</Kbd>}
            onClick={() => onOpen("shortcuts")}
          >
            {t("shortcuts")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => setLeaving(true)}>
            {t("signOut")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {leaving && <Leaving onStay={() => setLeaving(false)} />}
    </>
  );
}
