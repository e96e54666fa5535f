import { ActionIcon, Burger, Button, Kbd } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { isMac } from "@/parts/shortcuts";
import { AccountButton } from "./AccountButton";
import { ConnectionStatus } from "./ConnectionStatus";
import type { Overlay } from "./Shell";
import classes from "./Shell.module.css";

const AccountMenu = arriving(() => import("./AccountMenu"));

type Props = { onMenu: () => void; onOpen: (overlay: Overlay) => void };

export function Header({ onMenu, onOpen }: Props) {
  const { t } = useTranslation("shell");
  const [menu, setMenu] = useState(false);
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
      {menu ? (
        <Suspense fallback={<AccountButton />}>
          <AccountMenu onOpen={onOpen} />
        </Suspense>
      ) : (
        <AccountButton onClick={() => setMenu(true)} />
      )}
    </header>
  );
}
