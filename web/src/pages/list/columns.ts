import { useCallback, useState } from "react";
import { COLUMNS, type Column, type Filter } from "@/parts/filters";
import type { SetFilter } from "@/parts/filters/useFilter";

const KEPT = "tidework.list.columns";
const USUAL: readonly Column[] = ["status", "priority", "assignee", "labels", "due"];

function kept(): readonly Column[] {
  const names = localStorage.getItem(KEPT)?.split(",");
  return names ? COLUMNS.filter((name) => names.includes(name)) : USUAL;
}

/** The columns of the list: those of the address, else those last chosen in this browser. */
export function useColumns(
  filter: Filter,
  setFilter: SetFilter,
): [readonly Column[], (columns: readonly Column[]) => void] {
  const [own, setOwn] = useState(kept);
  const choose = useCallback(
    (columns: readonly Column[]) => {
      localStorage.setItem(KEPT, columns.join(","));
      setOwn(columns);
      setFilter((before) => ({ ...before, columns }), { replace: true });
    },
    [setFilter],
  );
  return [filter.columns ?? own, choose];
}
