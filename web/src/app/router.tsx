/** The addresses of the application. Each page is a chunk of its own, loaded with its words. */

import {
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import i18next from "i18next";
import type { ComponentType } from "react";
import { sessionState, wasSignedIn } from "@/api/session";
import { pageOf } from "@/parts/arriving";
import { ErrorPage } from "./ErrorPage";
import { FailedPage } from "./FailedPage";
import { NotFoundPage } from "./NotFoundPage";

// The pages of routes take no props.
type Module = Record<string, ComponentType>;

/** The component `name` of a page's module, when its code and the words of `namespaces` are there. */
function page(load: () => Promise<Module>, name: string, ...namespaces: string[]) {
  return pageOf(async () => {
    const [module] = await Promise.all([load(), i18next.loadNamespaces(namespaces)]);
    return module[name] as ComponentType;
  });
}

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: ErrorPage,
});

const auth = <P extends string>(path: P, load: () => Promise<Module>, name: string) =>
  createRoute({ getParentRoute: () => root, path, component: page(load, name, "auth", "parts") });

type Next = { next?: string };

/** Where to go after signing in: a path of ours and nothing else. */
const next = (search: Record<string, unknown>): Next =>
  typeof search.next === "string" && /^\/[^/\\]/.test(search.next) ? { next: search.next } : {};

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: next,
  component: page(() => import("@/pages/auth/LoginPage"), "LoginPage", "auth", "parts"),
});
const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: next,
  component: page(() => import("@/pages/auth/RegisterPage"), "RegisterPage", "auth", "parts"),
});
const publicPages = [
  auth("/forgot-password", () => import("@/pages/auth/ForgotPasswordPage"), "ForgotPasswordPage"),
  auth("/reset-password", () => import("@/pages/auth/ResetPasswordPage"), "ResetPasswordPage"),
  auth("/confirm-email", () => import("@/pages/auth/ConfirmEmailPage"), "ConfirmEmailPage"),
  auth(
    "/accept-invitation",
    () => import("@/pages/auth/AcceptInvitationPage"),
    "AcceptInvitationPage",
  ),
] as const;

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/my-tasks" });
  },
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: ({ location }) => {
    if (sessionState() === "out" || !wasSignedIn()) {
      throw redirect({
        to: "/login",
        search: location.href === "/my-tasks" ? {} : { next: location.href },
      });
    }
  },
  component: page(() => import("./Shell"), "Shell", "shell", "parts", "filters"),
});

const inShell = <P extends string>(
  path: P,
  load: () => Promise<Module>,
  name: string,
  words: string,
) => createRoute({ getParentRoute: () => shell, path, component: page(load, name, words) });

/** `?task=12` opens task 12 beside any page of a workspace, `?task=w/12` beside others. */
type Panel = { task?: string | number };
const panel = (search: Record<string, unknown>): Panel =>
  typeof search.task === "number" || typeof search.task === "string" ? { task: search.task } : {};

const myTasks = createRoute({
  getParentRoute: () => shell,
  path: "/my-tasks",
  validateSearch: panel,
  component: page(() => import("@/pages/my-tasks/MyTasksPage"), "MyTasksPage", "my-tasks"),
});
const inbox = createRoute({
  getParentRoute: () => shell,
  path: "/inbox",
  validateSearch: panel,
  component: page(() => import("@/pages/inbox/InboxPage"), "InboxPage", "inbox"),
});

const workspace = createRoute({
  getParentRoute: () => shell,
  path: "/w/$workspace",
  component: page(() => import("./Shell"), "WorkspaceLayout"),
});

/** Pages keep what filters them in their address, in words of `parts/filters`; and the panel. */
export type PageSearch = Panel & Record<string, unknown>;
const inWorkspace = <P extends string>(
  path: P,
  load: () => Promise<Module>,
  name: string,
  words: string,
) =>
  createRoute({
    getParentRoute: () => workspace,
    path,
    validateSearch: (search: Record<string, unknown>): PageSearch => search,
    component: page(load, name, words),
  });

const workspacePages = [
  createRoute({
    getParentRoute: () => workspace,
    path: "/",
    beforeLoad: ({ params }) => {
      throw redirect({ to: "/w/$workspace/list", params: params as { workspace: string } });
    },
  }),
  inWorkspace("/list", () => import("@/pages/list/ListPage"), "ListPage", "list"),
  inWorkspace("/board", () => import("@/pages/board/BoardPage"), "BoardPage", "board"),
  inWorkspace(
    "/calendar",
    () => import("@/pages/calendar/CalendarPage"),
    "CalendarPage",
    "calendar",
  ),
  inWorkspace(
    "/timeline",
    () => import("@/pages/timeline/TimelinePage"),
    "TimelinePage",
    "timeline",
  ),
  inWorkspace(
    "/dashboard",
    () => import("@/pages/dashboard/DashboardPage"),
    "DashboardPage",
    "dashboard",
  ),
  inWorkspace("/search", () => import("@/pages/search/SearchPage"), "SearchPage", "search"),
  inWorkspace("/t/$number", () => import("@/pages/task/TaskPage"), "TaskPage", "task"),
  inWorkspace(
    "/projects",
    () => import("@/pages/workspace/ProjectsPage"),
    "ProjectsPage",
    "workspace",
  ),
  inWorkspace("/labels", () => import("@/pages/workspace/LabelsPage"), "LabelsPage", "workspace"),
  inWorkspace(
    "/members",
    () => import("@/pages/workspace/MembersPage"),
    "MembersPage",
    "workspace",
  ),
  inWorkspace(
    "/transfer",
    () => import("@/pages/workspace/TransferPage"),
    "TransferPage",
    "workspace",
  ),
  inWorkspace(
    "/settings",
    () => import("@/pages/workspace/WorkspaceSettingsPage"),
    "WorkspaceSettingsPage",
    "workspace",
  ),
] as const;

const settingsPages = [
  inShell(
    "/settings/profile",
    () => import("@/pages/settings/ProfilePage"),
    "ProfilePage",
    "settings",
  ),
  inShell(
    "/settings/password",
    () => import("@/pages/settings/PasswordPage"),
    "PasswordPage",
    "settings",
  ),
  inShell(
    "/settings/sessions",
    () => import("@/pages/settings/SessionsPage"),
    "SessionsPage",
    "settings",
  ),
  inShell(
    "/settings/tokens",
    () => import("@/pages/settings/TokensPage"),
    "TokensPage",
    "settings",
  ),
  inShell(
    "/settings/notifications",
    () => import("@/pages/settings/NotificationsPage"),
    "NotificationsPage",
    "settings",
  ),
  inShell(
    "/settings/appearance",
    () => import("@/pages/settings/AppearancePage"),
    "AppearancePage",
    "settings",
  ),
] as const;

const adminPages = [
  inShell("/admin/users", () => import("@/pages/admin/UsersPage"), "UsersPage", "admin"),
  inShell(
    "/admin/workspaces",
    () => import("@/pages/admin/WorkspacesPage"),
    "WorkspacesPage",
    "admin",
  ),
  inShell(
    "/admin/statistics",
    () => import("@/pages/admin/StatisticsPage"),
    "StatisticsPage",
    "admin",
  ),
  inShell("/admin/audit", () => import("@/pages/admin/AuditPage"), "AuditPage", "admin"),
  inShell("/admin/health", () => import("@/pages/admin/HealthPage"), "HealthPage", "admin"),
] as const;

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    login,
    register,
    ...publicPages,
    shell.addChildren([
      myTasks,
      inbox,
      workspace.addChildren([...workspacePages]),
      ...settingsPages,
      ...adminPages,
    ]),
  ]),
  defaultErrorComponent: FailedPage,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
