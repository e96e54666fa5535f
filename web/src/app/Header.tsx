import { ActionIcon, Avatar, Burger, Button, Kbd, Menu, UnstyledButton } from "@mantine/core";
import { IconLogout, IconPlus, IconSearch, IconSettings, IconShield } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { signOut } from "@/api/session";
import { useMe } from "@/replica/hooks";
import { ConnectionStatus } from "./ConnectionStatus";
import type { Overlay } from "./Shell";
import classes from "./Shell.module.css";
import { isMac } from "./shortcuts";

type Props = { onMenu: () => void; onOpen: (overlay: Overlay) => void };

export function Header({ onMenu, onOpen }: Props) {
  const { t } = useTranslation("shell");
  return (
    <header className={classes.header}>
      <Burger size="sm" hiddenFrom="sm" onClick={onMenu} aria-label={t("openNavigation")} />
      <Link to="/my-tasks" className={classes.brand}>
        <img src="/icon.svg" alt="" width={28} height={28} />
        Tidework
      </Link>
      <span style={{ flex: 1 }} />
      <ConnectionStatus />
      <Button
        visibleFrom="sm"
        variant="default"
        size="xs"
        leftSection={<IconSearch size={14} />}
        rightSection={<Kbd size="xs">{isMac() ? "⌘ K" : "Ctrl K"}</Kbd>}
        onClick={() => onOpen("palette")}
      >
        {t("find")}
      </Button>
      <ActionIcon
        hiddenFrom="sm"
        variant="default"
        size="lg"
        aria-label={t("find")}
        onClick={() => onOpen("palette")}
      >
        <IconSearch size={18} />
      </ActionIcon>
      <ActionIcon size="lg" aria-label={t("addTask")} onClick={() => onOpen("quickAdd")}>
        <IconPlus size={18} />
      </ActionIcon>
      <AccountMenu onOpen={onOpen} />
    </header>
  );
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .flatMap((word) => [...word].slice(0, 1))
    .slice(0, 2)
    .join("");

function AccountMenu({ onOpen }: Pick<Props, "onOpen">) {
  const { t } = useTranslation("shell");
  const me = useMe();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton aria-label={t("account", { name: me?.name ?? "" })}>
          <Avatar radius="xl" size={34} color="cyan" variant="filled">
            {initials(me?.name ?? "")}
          </Avatar>
        </UnstyledButton>
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
        <Menu.Item rightSection={<Kbd size="xs">?</Kbd>} onClick={() => onOpen("shortcuts")}>
          {t("shortcuts")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {t("signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
