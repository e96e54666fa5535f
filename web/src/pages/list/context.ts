import type { TFunction } from "i18next";
import { createContext, useContext } from "react";
import type { Column, Names } from "@/parts/filters";

export type ListContext = {
  /** Words of `list` and `parts`: asked for once, not by every cell. */
  t: TFunction<["list", "parts"]>;
  workspaceId: string;
  address: string;
  names: Names;
  zone: string;
  language: string;
  locale: string;
  editable: boolean;
  /** Whether tasks can be dragged into another order now. */
  movable: boolean;
  columns: readonly Column[];
  /** Two lines a task, on narrow screens. */
  narrow: boolean;
};

export const ListContext = createContext<ListContext | null>(null);

/** What all rows of the list need. */
export function useList(): ListContext {
  const found = useContext(ListContext);
  if (found === null) throw new Error("outside of a list");
  return found;
}
