import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";

/** How many notifications wait to be read; 100 stands for more. */
export function useUnread(): number {
  const { data: count = 0 } = useQuery({
    queryKey: ["inbox", "unread"],
    queryFn: async () => {
      const query = { unread: true, limit: 100 };
      return (await data(api.GET("/api/v1/notifications", { params: { query } }))).items.length;
    },
  });
  return count;
}
