import { useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { store } from "@/replica/store";

// Hints of what is new may be lost.
export const ASKED_EVERY_MS = 60_000;

export const unreadKey = ["inbox", "unread"] as const;

/** Whoever has just been added to a workspace finds it among theirs. */
function learnWorkspace({ workspace_id: id }: Schemas["NotificationOut"]): void {
  const own = store();
  const isNew = id !== null && !own.workspaces().some((one) => one.id === id);
  if (isNew) void own.loadWorkspaces().catch(() => null);
}

/** How many notifications are unread; undefined until it is known. */
export function useUnread(): number | undefined {
  return useQuery({
    queryKey: unreadKey,
    queryFn: async ({ signal }) => {
      const query = { unread: true, limit: 1 };
      const page = await data(api.GET("/api/v1/notifications", { params: { query }, signal }));
      page.items.forEach(learnWorkspace);
      return page.unread_count;
    },
    refetchInterval: ASKED_EVERY_MS,
  }).data;
}
