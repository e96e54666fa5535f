import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { Schemas } from "@/api/client";
import { useMe, useViews } from "@/replica/hooks";

/**
 * Names of accounts, as far as they are known here. Nobody is looked up: each look at an account
 * would be another entry of the audit.
 */
export function useKnownNames(): (id: string) => string | undefined {
  const client = useQueryClient();
  const me = useMe();
  const views = useViews();
  const names = useMemo(() => {
    const found = new Map<string, string>();
    for (const { head } of views) {
      for (const { user_id, name } of head?.members ?? []) found.set(user_id, name);
    }
    const listed = client.getQueriesData<InfiniteData<Schemas["UserPage"]>>({
      queryKey: ["admin", "users"],
    });
    for (const [, users] of listed) {
      for (const { items } of users?.pages ?? []) {
        for (const { id, name } of items) found.set(id, name);
      }
    }
    if (me !== undefined) found.set(me.id, me.name);
    return found;
  }, [client, me, views]);
  return useCallback((id: string) => names.get(id), [names]);
}
