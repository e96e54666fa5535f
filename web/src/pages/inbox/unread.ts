import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";

// Hints of what is new may be lost.
export const ASKED_EVERY_MS = 60_000;

export const unreadKey = ["inbox", "unread"] as const;

/** How many notifications are unread; 0 until it is known. */
export function useUnread(): number {
  const { data: count } = useQuery({
    queryKey: unreadKey,
    queryFn: async ({ signal }) => {
      const query = { unread: true, limit: 1 };
      const page = await data(api.GET("/api/v1/notifications", { params: { query }, signal }));
      return page.unread_count;
    },
    refetchInterval: ASKED_EVERY_MS,
  });
  return count ?? 0;
}
