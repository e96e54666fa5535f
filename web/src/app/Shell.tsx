import { Box } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { listenToKeys } from "@/parts/shortcuts";
import { beginStore } from "@/replica/begin";
import { Banners } from "./Banners";
import { Header } from "./Header";
import { Navigation } from "./Navigation";
import { PanelOutlet } from "./PanelOutlet";
import { SessionGuard } from "./SessionGuard";
import classes from "./Shell.module.css";
import { useShellShortcuts } from "./shellShortcuts";

const MenuDrawer = arriving(() => import("./MenuDrawer"));
const NewWorkspace = arriving(() => import("./NewWorkspace"));
const Palette = arriving(() => import("./Palette"));
const QuickAddDialog = arriving(() => import("./QuickAddDialog"));
const ShortcutSheet = arriving(() => import("./ShortcutSheet"));

export { WorkspaceLayout } from "./WorkspaceLayout";
export type Overlay = "palette" | "quickAdd" | "shortcuts" | "workspace" | null;

/** Navigation, and the page beside it. */
export function Shell() {
  // Opened while drawing, since all below reads it; the same one as long as nobody else signs in.
  const opened = beginStore() !== undefined;
  return opened ? (
    <SessionGuard>
      <Frame />
    </SessionGuard>
  ) : (
    <SessionGuard>{null}</SessionGuard>
  );
}

// A dialog that goes takes the focus along.
const RETURN_MS = 50;

function focusAgain(element: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body) element.focus();
}

function Frame() {
  const { t } = useTranslation("shell");
  const [overlay, setOverlay] = useState<Overlay>(null);
  const [menu, { open, close }] = useDisclosure(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useEffect(listenToKeys, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(close, [path]);
  const before = useRef<Element | null>(null);
  const show = (next: Overlay) => {
    if (overlay === null) before.current = document.activeElement;
    setOverlay(next);
  };
  useShellShortcuts(show);
  // One overlay may open the next; only the one that is there closes, and gives the focus back.
  const shut = (closing: Overlay) => () => {
    setOverlay((present) => (present === closing ? null : present));
    if (before.current instanceof HTMLElement) setTimeout(focusAgain, RETURN_MS, before.current);
  };
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#page">
        {t("skip")}
      </a>
      <Header onMenu={open} onOpen={show} />
      <Box component="nav" visibleFrom="sm" className={classes.side} aria-label={t("navigation")}>
        <Navigation onOpen={show} />
      </Box>
      <main id="page" className={classes.page} tabIndex={-1}>
        <Banners />
        <Outlet />
      </main>
      <PanelOutlet />
      <Suspense fallback={null}>
        {menu && <MenuDrawer onClose={close} onOpen={show} />}
        {overlay === "palette" && <Palette onClose={shut("palette")} onOpen={show} />}
        {overlay === "quickAdd" && <QuickAddDialog onClose={shut("quickAdd")} />}
        {overlay === "workspace" && <NewWorkspace onClose={shut("workspace")} />}
        {overlay === "shortcuts" && <ShortcutSheet onClose={shut("shortcuts")} />}
      </Suspense>
    </div>
  );
}
