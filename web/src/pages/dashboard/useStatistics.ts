import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import type { Filter } from "@/parts/filters";
import type { DayKey } from "@/time/dates";
import { Calm } from "./calm";

export type Statistics = Schemas["AnalyticsOut"];

const calm = new Calm();

/** What the statistics are narrowed to: one label at most, since a task may bear several. */
export const narrowedTo = ({ project, assignee, label }: Filter) => ({
  ...(project.length > 0 && { project: [...project] }),
  ...(assignee.length > 0 && { assignee: [...assignee] }),
  ...(label[0] !== undefined && { label: label[0] }),
});

/** Statistics of the server, asked for again when the workspace has changed and come to rest. */
export function useStatistics(w: string, days: { from: DayKey; to: DayKey }, filter: Filter) {
  const client = useQueryClient();
  const query = { from: days.from, to: days.to, ...narrowedTo(filter) };
  const queryKey = ["statistics", w, "analytics", query];
  return useQuery<Statistics>({
    queryKey,
    queryFn: async ({ signal }) => {
      if (client.getQueryData(queryKey) !== undefined) await calm.wait(w, signal);
      return data(
        api.GET("/api/v1/workspaces/{w}/analytics", { params: { path: { w }, query }, signal }),
      );
    },
    placeholderData: keepPreviousData,
  });
}
