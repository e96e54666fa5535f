import { QueryClient } from "@tanstack/react-query";
import { asProblem } from "./problem";

/** What is asked of the server and not kept in the replica. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => count < 2 && asProblem(error).passing,
      networkMode: "offlineFirst",
    },
    mutations: { networkMode: "always" },
  },
});
