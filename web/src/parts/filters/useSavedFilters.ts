/** Filters that an account has saved under a name; they are found on every device. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { authorised } from "@/api/client";
import { problemOf } from "@/api/problem";

export type SavedFilter = {
  id: string;
  name: string;
  workspace_id: string | null;
  /** As `toQuery` writes it. */
  query: string;
};

export const savedFiltersKey = ["saved-filters"] as const;
const ADDRESS = "/api/v1/users/me/filters";

async function send<T>(method: string, path: string, body?: unknown): Promise<T> {
  const request = new Request(new URL(path, location.origin), {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
    }),
  });
  const response = await authorised(request);
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response, answer);
  return answer as T;
}

/** The saved filters of the account: those of every workspace, and what changes them. */
export function useSavedFilters() {
  const client = useQueryClient();
  const { data: filters = NONE } = useQuery({
    queryKey: savedFiltersKey,
    queryFn: async () => (await send<{ items: SavedFilter[] }>("GET", ADDRESS)).items,
  });
  const changed = useCallback(
    () => client.invalidateQueries({ queryKey: savedFiltersKey }),
    [client],
  );
  return useMemo(
    () => ({
      filters,
      save: async (name: string, workspaceId: string, query: string) => {
        await send("POST", ADDRESS, { name, workspace_id: workspaceId, query });
        await changed();
      },
      update: async (id: string, patch: Partial<Omit<SavedFilter, "id">>) => {
        await send("PATCH", `${ADDRESS}/${id}`, patch);
        await changed();
      },
      remove: async (id: string) => {
        await send("DELETE", `${ADDRESS}/${id}`);
        await changed();
      },
    }),
    [filters, changed],
  );
}

const NONE: readonly SavedFilter[] = [];
