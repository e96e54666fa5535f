import { Badge, NativeSelect } from "@mantine/core";
import {
  IconBookmark,
  IconCalendar,
  IconChartBar,
  IconChecklist,
  IconFolder,
  IconInbox,
  IconLayoutKanban,
  IconList,
  IconSearch,
  IconSettings,
  IconTag,
  IconTimeline,
  IconTransfer,
  IconUsers,
} from "@tabler/icons-react";
import { Link, useNavigate, useParams, useRouter, useRouterState } from "@tanstack/react-router";
import type { MouseEvent, ReactNode } from "react";
import { useTranslation } from "@/i18n/words";
import { useUnread } from "@/pages/inbox/unread";
import { useSavedFilters } from "@/parts/filters/useSavedFilters";
import { useWorkspaceId, useWorkspaces } from "@/replica/hooks";
import { lastWorkspace } from "@/replica/lastWorkspace";
import type { Overlay } from "./Shell";
import classes from "./Shell.module.css";

const VIEWS = [
  ["list", IconList],
  ["board", IconLayoutKanban],
  ["calendar", IconCalendar],
  ["timeline", IconTimeline],
  ["dashboard", IconChartBar],
  ["search", IconSearch],
] as const;

const HOUSE = [
  ["projects", IconFolder],
  ["labels", IconTag],
  ["members", IconUsers],
  ["transfer", IconTransfer],
  ["settings", IconSettings],
] as const;

type Props = { onOpen: (overlay: Overlay) => void };

export function Navigation({ onOpen }: Props) {
  const { t } = useTranslation("shell");
  const unread = useUnread() ?? 0;
  const here = useWorkspaceId();
  const workspaces = useWorkspaces();
  const id = here || lastWorkspace(workspaces);
  // Where one is by that name, the links are by it too.
  const { workspace } = useParams({ strict: false }) as { workspace?: string };
  const base = workspace === "personal" ? "/w/personal" : `/w/${id}`;
  return (
    <>
      <Item to="/my-tasks" icon={<IconChecklist size={18} />} label={t("pages.myTasks")} />
      <Item to="/inbox" icon={<IconInbox size={18} />} label={t("pages.inbox")}>
        {unread > 0 && (
          <Badge size="sm" aria-label={t("unread", { count: unread })}>
            {unread > 99 ? "99+" : unread}
          </Badge>
        )}
      </Item>
      <h2 className={classes.group}>{t("workspace")}</h2>
      <WorkspaceChoice id={id} onOpen={onOpen} />
      {id !== "" && (
        <>
          {VIEWS.map(([page, Icon]) => (
            <Item
              key={page}
              to={`${base}/${page}`}
              icon={<Icon size={18} />}
              label={t(`pages.${page}`)}
            />
          ))}
          <Saved workspaceId={id} />
          <h2 className={classes.group}>{t("organise")}</h2>
          {HOUSE.map(([page, Icon]) => (
            <Item
              key={page}
              to={`${base}/${page}`}
              icon={<Icon size={18} />}
              label={t(`pages.${page}`)}
            />
          ))}
        </>
      )}
    </>
  );
}

type ItemProps = { to: string; icon: ReactNode; label: string; children?: ReactNode };

/** A link to a page. The router's own can do more, and with so many of them takes its time. */
function Item({ to, icon, label, children }: ItemProps) {
  const router = useRouter();
  const here = useRouterState({ select: ({ location }) => isAt(location.pathname, to) });
  const go = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    void router.navigate({ to });
  };
  const prepare = () => void router.preloadRoute({ to }).catch(() => null);
  return (
    <a
      href={to}
      className={classes.link}
      aria-current={here ? "page" : undefined}
      onClick={go}
      onPointerEnter={prepare}
      onFocus={prepare}
    >
      {icon}
      <span className={classes.label}>{label}</span>
      {children}
    </a>
  );
}

const isAt = (path: string, to: string): boolean => path === to || path.startsWith(`${to}/`);

/** The filters that have been saved for this workspace, or for all. */
function Saved({ workspaceId }: { workspaceId: string }) {
  const { t } = useTranslation("shell");
  const { filters } = useSavedFilters();
  const here = filters.filter(({ workspace_id: w }) => w === workspaceId || w === null);
  if (here.length === 0) return null;
  return (
    <>
      <h2 className={classes.group}>{t("savedFilters")}</h2>
      {here.map(({ id, name, query }) => (
        <Link
          key={id}
          to="/w/$workspace/list"
          params={{ workspace: workspaceId }}
          search={Object.fromEntries(new URLSearchParams(query))}
          activeOptions={{ includeSearch: true, exact: true }}
          className={classes.link}
        >
          <IconBookmark size={18} />
          <span className={classes.label} dir="auto">
            {name}
          </span>
        </Link>
      ))}
    </>
  );
}

const NEW = "+";

function WorkspaceChoice({ id, onOpen }: { id: string; onOpen: Props["onOpen"] }) {
  const { t } = useTranslation("shell");
  const workspaces = useWorkspaces();
  const navigate = useNavigate();
  const choose = (next: string) => {
    if (next === NEW) onOpen("workspace");
    else void navigate({ to: `/w/${next}/list` });
  };
  return (
    <NativeSelect
      aria-label={t("chooseWorkspace")}
      value={id}
      mb={4}
      onChange={({ currentTarget }) => choose(currentTarget.value)}
      data={[
        ...workspaces.map(({ id: value, name, personal }) => ({
          value,
          label: personal ? t("personal") : name,
        })),
        { value: NEW, label: t("newWorkspace") },
      ]}
    />
  );
}
