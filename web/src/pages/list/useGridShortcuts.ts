import { useTranslation } from "@/i18n/words";
import { useShortcuts } from "@/parts/shortcuts";
import { isGroup, type Row } from "./rows";
import type { GridActs, useGridKeys } from "./useGridKeys";

type Options = {
  keys: ReturnType<typeof useGridKeys>;
  acts: GridActs;
  rows: readonly Row[];
  editable: boolean;
};

/** Keys of the list that work wherever one is on the page; they stand on the help sheet. */
export function useGridShortcuts({ keys, acts, rows, editable }: Options): void {
  const { t } = useTranslation("list");
  const onTask = (act: (key: string) => void) => () => {
    const row = rows[keys.at];
    if (row !== undefined && !isGroup(row)) act(row.id);
  };
  const editing = [
    { keys: "x", label: t("keys.select"), run: onTask((key) => acts.select(key, false)) },
    { keys: "e", label: t("keys.edit"), run: onTask(acts.editTitle) },
  ];
  const shortcuts = [
    { keys: "j", label: t("keys.down"), run: () => keys.goTo(keys.at + (keys.begun ? 1 : 0)) },
    { keys: "k", label: t("keys.up"), run: () => keys.goTo(keys.at - 1) },
    { keys: "o", label: t("keys.open"), run: onTask(acts.open) },
    ...(editable ? editing : []),
  ];
  useShortcuts(
    t("title"),
    shortcuts.map((one) => ({ ...one, rows: true })),
  );
}
