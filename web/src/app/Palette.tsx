import "@mantine/spotlight/styles.css";
import { useMantineColorScheme } from "@mantine/core";
import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { useSavedFilters } from "@/parts/filters/useSavedFilters";
import { useMe, useViews, useWorkspaceId, useWorkspaces } from "@/replica/hooks";
import { lastWorkspace } from "@/replica/lastWorkspace";
import type { Task } from "@/replica/model";
import type { Overlay } from "./Shell";

const PAGES = ["list", "board", "calendar", "timeline", "dashboard", "search"] as const;
const HOUSE = ["projects", "labels", "members", "transfer", "settings"] as const;
const SHOWN = 12;

type Props = { onClose: () => void; onOpen: (overlay: Overlay) => void };
type Actions = SpotlightActionData[];

/** Every page, every act and every task by typing a part of its name. */
export default function Palette({ onClose, onOpen }: Props) {
  const { t } = useTranslation("shell");
  const [query, setQuery] = useState("");
  const commands = useCommands(onOpen);
  const tasks = useTaskActions(query);
  // It opens by its own store.
  useEffect(() => spotlight.open(), []);
  return (
    <Spotlight
      actions={[
        { group: t("commands"), actions: commands },
        { group: t("tasks"), actions: tasks },
      ]}
      query={query}
      onQueryChange={setQuery}
      onSpotlightClose={onClose}
      filter={(typed, groups) => keep(typed, groups as { group: string; actions: Actions }[])}
      shortcut={null}
      attributes={{ content: { "aria-label": t("palette") } }}
      nothingFound={t("nothingFound")}
      scrollable
      maxHeight={420}
      searchProps={{ placeholder: t("paletteHint"), "aria-label": t("palette") }}
    />
  );
}

function keep(typed: string, groups: { group: string; actions: Actions }[]) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ label = "", keywords = "" }: Actions[number]) =>
    words.every((word) => `${label} ${String(keywords)}`.toLowerCase().includes(word));
  return groups
    .map(({ group, actions }) => ({ group, actions: actions.filter(fits).slice(0, SHOWN) }))
    .filter(({ actions }) => actions.length > 0);
}

function useCommands(onOpen: Props["onOpen"]): Actions {
  const { t } = useTranslation("shell");
  const navigate = useNavigate();
  const workspaces = useWorkspaces();
  const here = useWorkspaceId();
  const id = here || lastWorkspace(workspaces);
  const admin = useMe()?.role === "admin";
  const { filters } = useSavedFilters();
  const { setColorScheme } = useMantineColorScheme();
  const go = (to: string, label: string): Actions[number] => ({
    id: to,
    label,
    onClick: () => void navigate({ to }),
  });
  return [
    { id: "add", label: t("addTask"), onClick: () => onOpen("quickAdd") },
    go("/my-tasks", t("pages.myTasks")),
    go("/inbox", t("pages.inbox")),
    ...[...PAGES, ...HOUSE].map((page) => go(`/w/${id}/${page}`, t(`pages.${page}`))),
    ...workspaces.map(({ id: other, name, personal }) =>
      go(`/w/${other}/list`, t("switchTo", { name: personal ? t("personal") : name })),
    ),
    ...filters.map(({ id: filter, name, workspace_id: w, query }) => ({
      id: filter,
      label: name,
      description: t("savedFilters"),
      onClick: () =>
        void navigate({
          to: `/w/${w ?? id}/list`,
          search: Object.fromEntries(new URLSearchParams(query)) as never,
        }),
    })),
    { id: "new", label: t("newWorkspace"), onClick: () => onOpen("workspace") },
    go("/settings/profile", t("settings")),
    go("/settings/notifications", t("notificationSettings")),
    ...(admin ? [go("/admin/users", t("admin"))] : []),
    { id: "dark", label: t("theme.dark"), onClick: () => setColorScheme("dark") },
    { id: "light", label: t("theme.light"), onClick: () => setColorScheme("light") },
    { id: "auto", label: t("theme.auto"), onClick: () => setColorScheme("auto") },
    { id: "keys", label: t("shortcuts"), onClick: () => onOpen("shortcuts") },
  ];
}

function useTaskActions(query: string): Actions {
  const views = useViews();
  const navigate = useNavigate();
  return useMemo(() => {
    const words = query.toLowerCase().replace("#", "").split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const found: Task[] = [];
    for (const { tasks } of views) {
      for (const task of tasks.values()) {
        const text = `${task.number} ${task.title}`.toLowerCase();
        if (words.every((word) => text.includes(word)) && found.push(task) >= SHOWN) break;
      }
    }
    return found.map((task) => ({
      id: task.id,
      label: task.title,
      description: `#${task.number}`,
      keywords: String(task.number),
      onClick: () =>
        void navigate({
          to: `/w/${task.workspace_id}/list`,
          search: { task: task.number } as never,
        }),
    }));
  }, [query, views, navigate]);
}
