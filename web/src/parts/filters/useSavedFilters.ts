/** Filters that an account has saved under a name; they are found on every device. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api, data, type Schemas } from "@/api/client";

/** Its `query` is as `toQuery` writes it. */
export type SavedFilter = Schemas["SavedFilter"];

export const savedFiltersKey = ["saved-filters"] as const;

/** The saved filters of the account: those of every workspace, and what changes them. */
export function useSavedFilters() {
  const client = useQueryClient();
  const { data: filters = NONE } = useQuery({
    queryKey: savedFiltersKey,
    queryFn: async () => (await data(api.GET("/api/v1/users/me/filters"))).items,
  });
  const changed = useCallback(
    () => client.invalidateQueries({ queryKey: savedFiltersKey }),
    [client],
  );
  return useMemo(
    () => ({
      filters,
      save: async (name: string, workspaceId: string, query: string) => {
        const body = { name, workspace_id: workspaceId, query };
        await api.POST("/api/v1/users/me/filters", { body });
        await changed();
      },
      update: async (id: string, patch: Partial<Omit<SavedFilter, "id">>) => {
        await api.PATCH("/api/v1/users/me/filters/{filter_id}", {
          params: { path: { filter_id: id } },
          body: patch,
        });
        await changed();
      },
      remove: async (id: string) => {
        await api.DELETE("/api/v1/users/me/filters/{filter_id}", {
          params: { path: { filter_id: id } },
        });
        await changed();
      },
    }),
    [filters, changed],
  );
}

const NONE: readonly SavedFilter[] = [];
