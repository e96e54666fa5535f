import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "@/i18n/words";
import { useShortcuts } from "@/parts/shortcuts";
import { useWorkspaceId, useWorkspaces } from "@/replica/hooks";
import { lastWorkspace } from "@/replica/lastWorkspace";
import type { Overlay } from "./Shell";

const GO = [
  ["l", "list"],
  ["b", "board"],
  ["c", "calendar"],
  ["t", "timeline"],
  ["d", "dashboard"],
  ["p", "projects"],
] as const;

/** What keys do on every page. */
export function useShellShortcuts(open: (overlay: Overlay) => void): void {
  const { t } = useTranslation("shell");
  const navigate = useNavigate();
  const here = useWorkspaceId();
  const last = lastWorkspace(useWorkspaces());
  const id = here || last;
  const go = (to: string) => () => void navigate({ to });
  useShortcuts(t("everywhere"), [
    { keys: "mod+k", label: t("palette"), run: () => open("palette"), always: true },
    { keys: "c", label: t("addTask"), run: () => open("quickAdd") },
    { keys: "/", label: t("pages.search"), run: go(`/w/${id}/search`) },
    { keys: "?", label: t("shortcuts"), run: () => open("shortcuts") },
    { keys: "g m", label: t("pages.myTasks"), run: go("/my-tasks") },
    { keys: "g i", label: t("pages.inbox"), run: go("/inbox") },
    ...GO.map(([key, page]) => ({
      keys: `g ${key}`,
      label: t(`pages.${page}`),
      run: go(`/w/${id}/${page}`),
    })),
  ]);
}
