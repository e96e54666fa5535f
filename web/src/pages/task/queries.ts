/** What the panel asks the server for, beside the replica; the replica says when it is out of date. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";

const PAGE = 50;

/** Comments, oldest first. */
export function useComments(workspaceId: string, taskId: string) {
  return useInfiniteQuery({
    queryKey: ["comments", workspaceId, taskId],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/api/v1/workspaces/{w}/tasks/{id}/comments", {
          params: {
            path: { w: workspaceId, id: taskId },
            query: pageParam === "" ? { limit: PAGE } : { limit: PAGE, cursor: pageParam },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** Changes, oldest first. */
export function useHistory(workspaceId: string, taskId: string) {
  return useInfiniteQuery({
    queryKey: ["history", workspaceId, taskId],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/api/v1/workspaces/{w}/tasks/{id}/history", {
          params: {
            path: { w: workspaceId, id: taskId },
            query: pageParam === "" ? { limit: PAGE } : { limit: PAGE, cursor: pageParam },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
  });
}

export const relationsKey = (workspaceId: string, taskId: string) => [
  "relations",
  workspaceId,
  taskId,
];

export function useRelations(workspaceId: string, taskId: string) {
  return useQuery({
    queryKey: relationsKey(workspaceId, taskId),
    queryFn: async () => {
      const path = { w: workspaceId, id: taskId };
      return (
        await data(api.GET("/api/v1/workspaces/{w}/tasks/{id}/relations", { params: { path } }))
      ).items;
    },
  });
}

export const remindersKey = (workspaceId: string, taskId: string) => [
  "reminders",
  workspaceId,
  taskId,
];

export function useReminders(workspaceId: string, taskId: string) {
  return useQuery({
    queryKey: remindersKey(workspaceId, taskId),
    queryFn: async () => {
      const path = { w: workspaceId, id: taskId };
      return (
        await data(api.GET("/api/v1/workspaces/{w}/tasks/{id}/reminders", { params: { path } }))
      ).items;
    },
  });
}
