import { Badge, NativeSelect } from "@mantine/core";
import {
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
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useUnread } from "@/pages/inbox/unread";
import { useWorkspaceId, useWorkspaces } from "@/replica/hooks";
import { lastWorkspace } from "./lastWorkspace";
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
  const unread = useUnread();
  const here = useWorkspaceId();
  const workspaces = useWorkspaces();
  const id = here || lastWorkspace(workspaces);
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
              to={`/w/${id}/${page}`}
              icon={<Icon size={18} />}
              label={t(`pages.${page}`)}
            />
          ))}
          <h2 className={classes.group}>{t("organise")}</h2>
          {HOUSE.map(([page, Icon]) => (
            <Item
              key={page}
              to={`/w/${id}/${page}`}
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

function Item({ to, icon, label, children }: ItemProps) {
  return (
    <Link to={to} className={classes.link}>
      {icon}
      <span className={classes.label}>{label}</span>
      {children}
    </Link>
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
