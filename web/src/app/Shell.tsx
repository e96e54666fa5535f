import { Box } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { beginStore } from "@/replica/begin";
import { Banners } from "./Banners";
import { Header } from "./Header";
import { Navigation } from "./Navigation";
import { PanelOutlet } from "./PanelOutlet";
import { SessionGuard } from "./SessionGuard";
import classes from "./Shell.module.css";
import { useShellShortcuts } from "./shellShortcuts";
import { listenToKeys } from "./shortcuts";

const MenuDrawer = lazy(() => import("./MenuDrawer"));
const NewWorkspace = lazy(() => import("./NewWorkspace"));
const Palette = lazy(() => import("./Palette"));
const QuickAddDialog = lazy(() => import("./QuickAddDialog"));
const ShortcutSheet = lazy(() => import("./ShortcutSheet"));

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

function Frame() {
  const { t } = useTranslation("shell");
  const [overlay, setOverlay] = useState<Overlay>(null);
  const [menu, { open, close }] = useDisclosure(false);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  useShellShortcuts(setOverlay);
  useEffect(listenToKeys, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(close, [path]);
  const shut = () => setOverlay(null);
  return (
    <div className={classes.frame}>
      <a className={classes.skip} href="#page">
        {t("skip")}
      </a>
      <Header onMenu={open} onOpen={setOverlay} />
      <Box component="nav" visibleFrom="sm" className={classes.side} aria-label={t("navigation")}>
        <Navigation onOpen={setOverlay} />
      </Box>
      <main id="page" className={classes.page} tabIndex={-1}>
        <Banners />
        <Outlet />
      </main>
      <PanelOutlet />
      <Suspense fallback={null}>
        {menu && <MenuDrawer onClose={close} onOpen={setOverlay} />}
        {overlay === "palette" && <Palette onClose={shut} onOpen={setOverlay} />}
        {overlay === "quickAdd" && <QuickAddDialog onClose={shut} />}
        {overlay === "workspace" && <NewWorkspace onClose={shut} />}
        {overlay === "shortcuts" && <ShortcutSheet onClose={shut} />}
      </Suspense>
    </div>
  );
}
