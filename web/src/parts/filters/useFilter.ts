import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Filter, readFilter, type Search, withFilter } from "./model";

type Change = (before: Filter) => Filter;
export type SetFilter = (change: Change, options?: { replace?: boolean }) => void;

/** The filter of the page's address, and how to put another there. */
export function useFilter(): [Filter, SetFilter] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  // What else changes in the address (the panel, say) makes no other filter.
  const key = JSON.stringify({ ...search, task: undefined });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `search`
  const filter = useMemo(() => readFilter(search), [key]);
  const setFilter = useCallback<SetFilter>(
    (change, { replace = false } = {}) => {
      navigate({
        to: ".",
        search: ((now: Search) => withFilter(now, change(readFilter(now)))) as never,
        replace,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [filter, setFilter];
}
