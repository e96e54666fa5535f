import { Button, CloseButton, Menu } from "@mantine/core";
import { IconChevronDown, IconTrash } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { asDialog } from "@/parts/filters/asDialog";
import { updateTasks } from "@/replica/actions";
import { useList } from "./context";
import { type EditableColumn, FieldOptions } from "./FieldOptions";
import classes from "./list.module.css";
import type { Selection } from "./useSelection";

const FIELDS: readonly EditableColumn[] = [
  "status",
  "priority",
  "assignee",
  "project",
  "labels",
  "due",
];

type Props = { selection: Selection; total: number; onRemove: () => void };

/** What can be done to all tasks that are selected. */
export function BulkBar({ selection, total, onRemove }: Props) {
  const { t } = useTranslation("list");
  const { workspaceId, names, zone, locale } = useList();
  const { chosen, all, clear } = selection;
  const count = chosen.length;
  if (count === 0) return null;
  return (
    <div role="toolbar" aria-label={t("bulk.label")} className={classes.bulk}>
      <output aria-live="polite">{t("bulk.selected", { count })}</output>
      <CloseButton aria-label={t("selectNone")} onClick={clear} />
      {count < total && (
        <Button size="compact-sm" variant="subtle" onClick={all}>
          {t("bulk.all", { count: total })}
        </Button>
      )}
      {FIELDS.map((column) => (
        <Menu key={column} position="top-start" shadow="md" withinPortal>
          <Menu.Target>
            <Button
              size="compact-sm"
              h={32}
              variant="default"
              rightSection={<IconChevronDown size={14} aria-hidden />}
            >
              {t(`column.${column}`)}
            </Button>
          </Menu.Target>
          <Menu.Dropdown renderRoot={asDialog}>
            <FieldOptions
              column={column}
              tasks={chosen}
              names={names}
              zone={zone}
              locale={locale}
              onPatch={(patchOf) =>
                updateTasks(workspaceId, chosen, patchOf, t("bulk.changed", { count }))
              }
            />
          </Menu.Dropdown>
        </Menu>
      ))}
      <Button
        size="compact-sm"
        h={32}
        variant="default"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={onRemove}
      >
        {t("bulk.remove")}
      </Button>
    </div>
  );
}
