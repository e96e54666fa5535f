import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect } from "react";
import { api, data, type Schemas } from "@/api/client";
import { fail } from "@/notices";
import { useConnection } from "@/replica/hooks";
import { now } from "@/time/clock";
import { ASKED_EVERY_MS, unreadKey } from "./unread";

type Page = Schemas["NotificationPage"];
type Pages = InfiniteData<Page>;

const LIST = ["inbox", "list"] as const;
const PAGE = 30;
// As many as the server takes at once.
const AT_ONCE = 500;

/** The inbox, newest first, page by page. */
export function useInbox(unread: boolean) {
  const client = useQueryClient();
  const { live } = useConnection();
  // What came before the stream was open has been hinted at to nobody.
  useEffect(() => {
    if (live) void client.invalidateQueries({ queryKey: ["inbox"] });
  }, [live, client]);
  return useInfiniteQuery({
    refetchInterval: ASKED_EVERY_MS,
    queryKey: [...LIST, unread],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = { unread, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return data(api.GET("/api/v1/notifications", { params: { query }, signal }));
    },
    getNextPageParam: (last: Page) => last.next_cursor,
  });
}

/** Mark some as read, or all. It shows at once; what fails is told, and shown as it is. */
export function useRead() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (what: string[] | "all") => {
      const body =
        what === "all" ? { all: true, ids: [] } : { ids: what.slice(0, AT_ONCE), all: false };
      return data(api.POST("/api/v1/notifications/read", { body }));
    },
    onMutate: async (what) => {
      await client.cancelQueries({ queryKey: ["inbox"] });
      show(client, what);
    },
    onSuccess: (left) => client.setQueryData(unreadKey, left.unread_count),
    onError: (error) => {
      void fail(error);
      void client.invalidateQueries({ queryKey: ["inbox"] });
    },
  }).mutate;
}

/** As it will be: what is read stays where it is until the inbox is asked for again. */
function show(client: QueryClient, what: string[] | "all"): void {
  const ids = what === "all" ? null : new Set(what);
  const at = now().toISOString();
  client.setQueriesData<Pages>({ queryKey: LIST }, (old) =>
    old === undefined
      ? old
      : {
          ...old,
          pages: old.pages.map((page) => ({
            ...page,
            items: page.items.map((note) =>
              note.read_at === null && (ids === null || ids.has(note.id))
                ? { ...note, read_at: at }
                : note,
            ),
          })),
        },
  );
  client.setQueryData<number>(unreadKey, (count = 0) =>
    ids === null ? 0 : Math.max(0, count - ids.size),
  );
}
