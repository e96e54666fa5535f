/** What somebody has chosen to be told of, and how: kept by the server as one whole. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { asProblem } from "@/api/problem";
import { fail } from "@/notices";

export type Preferences = Schemas["PreferencesOut"];
export type Kind = keyof Preferences["kinds"];
export type Channel = keyof Preferences["kinds"][Kind];

export const KINDS: readonly Kind[] = [
  "assigned",
  "unassigned",
  "mentioned",
  "commented",
  "completed",
  "due_soon",
  "overdue",
  "reminder",
  "added",
  "role_changed",
  "webhook_disabled",
  "report_ready",
];

const KEY = ["settings", "preferences"] as const;
type Kept = { value: Preferences; etag: string | null };

/** `before` with one cell of the table turned. */
export function turned(
  before: Preferences,
  kind: Kind,
  channel: Channel,
  on: boolean,
): Preferences {
  const channels = { ...before.kinds[kind], [channel]: on };
  return { ...before, kinds: { ...before.kinds, [kind]: channels } };
}

export function usePreferences() {
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }): Promise<Kept> => {
      const answer = await api.GET("/api/v1/notifications/preferences", { signal });
      return { value: answer.data as Preferences, etag: answer.response.headers.get("ETag") };
    },
  });
}

/** Make `next` of them. It shows at once; one after the other reaches the server. */
export function useKeep() {
  const client = useQueryClient();
  const show = (next: (before: Preferences) => Preferences) =>
    client.setQueryData<Kept>(KEY, (now) => now && { ...now, value: next(now.value) });
  const { mutate } = useMutation({
    scope: { id: "preferences" },
    mutationFn: async (_: (before: Preferences) => Preferences) => {
      const kept = client.getQueryData<Kept>(KEY);
      if (kept === undefined) return;
      const headers = kept.etag === null ? {} : { "If-Match": kept.etag };
      const body = kept.value;
      const answer = await api.PUT("/api/v1/notifications/preferences", { body, headers });
      const etag = answer.response.headers.get("ETag");
      client.setQueryData<Kept>(KEY, (now) => now && { ...now, etag });
    },
    onMutate: async (next) => {
      // What is shown stays: an answer on its way must not bring back what was before it either.
      await client.cancelQueries({ queryKey: KEY }, { revert: false });
      // An answer that was on its way may have come in between.
      show(next);
    },
    onError: (error) => {
      void fail(asProblem(error));
      void client.invalidateQueries({ queryKey: KEY });
    },
  });
  return (next: (before: Preferences) => Preferences) => {
    // Before the next frame, or a box would not stay as it was clicked.
    show(next);
    mutate(next);
  };
}
