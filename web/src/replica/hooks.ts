/** The replica for components. What they give is the same object until it changes. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { api, data, type Schemas } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { queryClient } from "@/api/queries";
import type { Language } from "@/i18n/look";
import { operationsOf } from "./fold";
import type { Entry, Role, Task, Workspace } from "./model";
import { reversed } from "./reversals";
import { type Connection, drawnStore, store } from "./store";
import type { View } from "./workspace";

export type Me = Schemas["UserView"];

export const meKey = ["me"] as const;

async function loadMe(): Promise<Me> {
  const own = store();
  try {
    const me = await data(api.GET("/api/v1/users/me"));
    own.keep("me", me);
    return me;
  } catch (error) {
    const kept = await own.kept<Me>("me");
    if (kept !== undefined && asProblem(error).passing) return kept;
    throw error;
  }
}

/** The account; undefined until it has come. */
export const useMe = (): Me | undefined =>
  useQuery({ queryKey: meKey, queryFn: loadMe, staleTime: 300_000 }).data;

export const refreshMe = () => queryClient.invalidateQueries({ queryKey: meKey });

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The account's time zone; this browser's until it is known. */
export const useZone = (): string => useMe()?.time_zone ?? HERE;

export function useLanguage(): Language {
  return document.documentElement.lang === "de" ? "de" : "en";
}

export function useWorkspaces(): readonly Workspace[] {
  return useSyncExternalStore(drawnStore().subscribe, drawnStore().workspaces);
}

/** The workspace of the page's address. */
export function useWorkspaceId(): string {
  const { workspace } = useParams({ strict: false }) as { workspace?: string };
  const workspaces = useWorkspaces();
  if (workspace === undefined) return "";
  if (workspace !== "personal") return workspace;
  return workspaces.find(({ personal }) => personal)?.id ?? "";
}

/** Everything of a workspace; another object after each change. */
export function useView(workspaceId: string): View {
  const replica = drawnStore().replica(workspaceId);
  return useSyncExternalStore(replica.subscribe, replica.get);
}

/** All of one's workspaces. */
export function useViews(): readonly View[] {
  const workspaces = useWorkspaces();
  const joined = useMemo(() => {
    const replicas = workspaces.map(({ id }) => drawnStore().replica(id));
    let views: readonly View[] = replicas.map((replica) => replica.get());
    return {
      subscribe: (listener: () => void) => {
        const ends = replicas.map((replica) => replica.subscribe(listener));
        return () =>
          ends.forEach((end) => {
            end();
          });
      },
      get: () => {
        if (replicas.some((replica, i) => replica.get() !== views[i])) {
          views = replicas.map((replica) => replica.get());
        }
        return views;
      },
    };
  }, [workspaces]);
  return useSyncExternalStore(joined.subscribe, joined.get);
}

export function useTask(workspaceId: string, id: string | null | undefined): Task | undefined {
  const replica = drawnStore().replica(workspaceId);
  return useSyncExternalStore(replica.subscribe, () =>
    id == null ? undefined : replica.get().tasks.get(id),
  );
}

export function useTaskByNumber(workspaceId: string, number: number): Task | undefined {
  const view = useView(workspaceId);
  return useMemo(() => {
    for (const task of view.tasks.values()) if (task.number === number) return task;
    return undefined;
  }, [view, number]);
}

export const textKey = (workspaceId: string, taskId: string) =>
  ["text", workspaceId, taskId] as const;

async function loadText(workspaceId: string, id: string): Promise<string> {
  const kept = await store().text(id);
  const base = store().replica(workspaceId).base(id);
  if (kept !== undefined) return kept.description;
  if (base !== undefined && !base.has_description) return "";
  const task = await data(
    api.GET("/api/v1/workspaces/{w}/tasks/{id}", { params: { path: { w: workspaceId, id } } }),
  );
  store().keepText(workspaceId, id, task.version, task.description);
  return task.description;
}

/** A task's description, with what waits to be sent; undefined while it is on its way. */
export function useText(
  workspaceId: string,
  task: Task | undefined,
): { text: string | undefined; failed: Problem | undefined } {
  const id = task?.id ?? "";
  const known = task !== undefined && task.version > 0;
  const query = useQuery({
    queryKey: textKey(workspaceId, id),
    queryFn: () => loadText(workspaceId, id),
    enabled: known,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const entries = useEntries();
  const waiting = useMemo(() => {
    let text: string | undefined;
    for (const entry of entries) {
      for (const operation of operationsOf(entry)) {
        if (operation.id !== id || operation.op === "delete") continue;
        if (operation.op === "create") text ??= operation.data.description ?? "";
        else text = operation.data.description ?? text;
      }
    }
    return text;
  }, [entries, id]);
  return {
    text: waiting ?? query.data,
    failed: query.error === null || waiting !== undefined ? undefined : asProblem(query.error),
  };
}

export function useRole(workspaceId: string): Role {
  const listed = useWorkspaces().find(({ id }) => id === workspaceId)?.role;
  return useView(workspaceId).head?.workspace.role ?? listed ?? "viewer";
}

export const can = {
  edit: (role: Role): boolean => role === "owner" || role === "editor",
  comment: (role: Role): boolean => role !== "viewer",
  manage: (role: Role): boolean => role === "owner",
};

export function useEntries(): readonly Entry[] {
  return useSyncExternalStore(drawnStore().subscribe, drawnStore().entries);
}

type CommentWork = Extract<Entry["work"], { kind: "comment" }>;
export type PendingComment = { id: string; op: CommentWork["op"]; body: string; done: boolean };

/** What has been done to a task's comments and is not in the server's list yet. */
export function pendingComments(
  entries: readonly Entry[],
  workspaceId: string,
  taskId: string,
): PendingComment[] {
  // They stay a while too, for other tabs.
  const undone = reversed(entries);
  return entries.flatMap(({ key, work, state, comment, workspaceId: w }) =>
    work.kind === "comment" && w === workspaceId && work.taskId === taskId && !undone.has(key)
      ? {
          id: comment?.id ?? work.id,
          op: work.op,
          body: work.op === "delete" ? "" : work.body,
          done: state === "done",
        }
      : [],
  );
}

export function usePendingComments(workspaceId: string, taskId: string): PendingComment[] {
  const entries = useEntries();
  return useMemo(
    () => pendingComments(entries, workspaceId, taskId),
    [entries, workspaceId, taskId],
  );
}

const onlineNow = () => navigator.onLine;
function subscribeOnline(listener: () => void): () => void {
  const ended = new AbortController();
  addEventListener("online", listener, { signal: ended.signal });
  addEventListener("offline", listener, { signal: ended.signal });
  return () => ended.abort();
}

/** Whether there is a network. */
export const useOnline = (): boolean => useSyncExternalStore(subscribeOnline, onlineNow);

/** How it stands with the server and with this browser's database. */
export function useConnection(): Connection & { online: boolean } {
  const state = useSyncExternalStore(drawnStore().subscribe, drawnStore().state);
  const online = useOnline();
  return useMemo(() => ({ ...state, online }), [state, online]);
}

/** Keep the workspace current while the component is there. */
export function useLooking(workspaceId: string): void {
  useEffect(() => {
    if (workspaceId !== "") store().look(workspaceId);
  }, [workspaceId]);
}
