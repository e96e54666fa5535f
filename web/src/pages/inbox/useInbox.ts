import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, data, type Schemas } from "@/api/client";
import { fail } from "@/notices";
import { useConnection } from "@/replica/hooks";
import { now } from "@/time/clock";
import { ASKED_EVERY_MS, unreadKey } from "./unread";

type Page = Schemas["NotificationPage"];
type Pages = InfiniteData<Page>;

const INBOX = ["inbox"] as const;
const LIST = [...INBOX, "list"] as const;
const READING = ["inbox-read"] as const;
const PAGE = 30;
// As many as the server takes at once.
const AT_ONCE = 500;

/** The inbox, newest first, page by page. */
export function useInbox(unread: boolean) {
  const client = useQueryClient();
  const { live } = useConnection();
  // What came before the stream was open has been hinted at to nobody.
  useEffect(() => {
    if (live) void client.invalidateQueries({ queryKey: INBOX });
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

/** Mark them as read. The answer is how many are not. */
async function read(what: string[] | "all"): Promise<number> {
  let left = 0;
  for (let from = 0; from === 0 || from < what.length; from += AT_ONCE) {
    const body =
      what === "all"
        ? { all: true, ids: [] }
        : { ids: what.slice(from, from + AT_ONCE), all: false };
    left = (await data(api.POST("/api/v1/notifications/read", { body }))).unread_count;
  }
  return left;
}

/** Whether an answer has come since then, or is on its way: it may not know what was marked. */
const askedSince = (client: QueryClient, at: number): boolean =>
  client
    .getQueryCache()
    .findAll({ queryKey: INBOX })
    .some(({ state }) => state.fetchStatus !== "idle" || state.dataUpdatedAt > at);

/**
 * Mark some as read, or all. It shows at once; what fails is told, and shown as it is. The inbox is
 * asked for again afterwards where a question was on its way before or meanwhile: what it would
 * have told is not lost, and what has been marked does not come back as unread.
 */
export function useRead() {
  const client = useQueryClient();
  const owed = useRef(false);
  return useMutation({
    mutationKey: READING,
    // One after the other, so that the last answer is the newest.
    scope: { id: READING[0] },
    mutationFn: read,
    onMutate: async (what) => {
      const asked = client.isFetching({ queryKey: INBOX }) > 0;
      await client.cancelQueries({ queryKey: INBOX });
      show(client, what);
      return { asked, at: Date.now() };
    },
    onSuccess: (left) => {
      if (client.isMutating({ mutationKey: READING }) === 1) client.setQueryData(unreadKey, left);
    },
    onError: (error) => void fail(error),
    onSettled: (_left, error, _what, shown) => {
      const again = error !== null || shown === undefined || shown.asked;
      owed.current ||= again || askedSince(client, shown.at);
      // While more is on its way, an answer would not know of it.
      if (!owed.current || client.isMutating({ mutationKey: READING }) > 1) return;
      owed.current = false;
      void client.invalidateQueries({ queryKey: INBOX });
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
