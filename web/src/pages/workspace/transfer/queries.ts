import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, data, type Schemas } from "@/api/client";

export type Import = Schemas["ImportOut"];
export type Export = Schemas["ExportOut"];

const POLL_MS = 1_000;
const GOING: readonly string[] = ["waiting", "running", "undoing"];

/** Whether something is still being done with it. */
export const going = ({ state }: { state: string }): boolean => GOING.includes(state);

/** Asked for again while one of them is going on. */
const whileGoing = ({ state }: { state: { data?: { items: { state: string }[] } | undefined } }) =>
  state.data?.items.some(going) ? POLL_MS : false;

export const useImports = (w: string) =>
  useQuery({
    queryKey: ["imports", w],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/workspaces/{w}/imports", { params: { path: { w } }, signal })),
    refetchInterval: whileGoing,
  });

export const useExports = (w: string) =>
  useQuery({
    queryKey: ["exports", w],
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/workspaces/{w}/exports", { params: { path: { w } }, signal })),
    refetchInterval: whileGoing,
  });

/** Look again at once. */
export function useAgain(what: "imports" | "exports", w: string): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(() => client.invalidateQueries({ queryKey: [what, w] }), [client, what, w]);
}
