import { Button, Menu } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { COLUMNS, type Column, type Filter, GROUPS, type Sort } from "@/parts/filters";
import { SORTS } from "@/parts/filters/model";
import type { SetFilter } from "@/parts/filters/useFilter";
import classes from "./list.module.css";

const BARE = "-";

type Props = {
  filter: Filter;
  columns: readonly Column[];
  onChange: SetFilter;
  onColumns: (columns: readonly Column[]) => void;
};

/** How the tasks are shown: order, groups, columns. */
export function ViewMenu({ filter, columns, onChange, onColumns }: Props) {
  const { t } = useTranslation("list");
  const descending = filter.sort.startsWith("-");
  const field = descending ? filter.sort.slice(1) : filter.sort;
  const sortBy = (sort: string) => onChange((now) => ({ ...now, sort: sort as Sort }));
  return (
    <Menu position="bottom-end" shadow="md" closeOnItemClick={false} withinPortal>
      <Menu.Target>
        <Button
          size="compact-md"
          variant="default"
          className={classes.view}
          leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
        >
          {t("view.title")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.viewMenu}>
        <Menu.Label>{t("view.sort")}</Menu.Label>
        <Menu.RadioGroup value={field} onChange={(next) => sortBy(next)}>
          {SORTS.map((name) => (
            <Menu.RadioItem key={name} value={name}>
              {t(`sort.${name}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.CheckboxItem checked={descending} onChange={(on) => sortBy(on ? `-${field}` : field)}>
          {t("view.descending")}
        </Menu.CheckboxItem>
        <Menu.Divider />
        <Menu.Label>{t("view.group")}</Menu.Label>
        <Menu.RadioGroup
          value={filter.group ?? BARE}
          onChange={(group) =>
            onChange((now) => ({ ...now, group: GROUPS.find((one) => one === group) ?? null }))
          }
        >
          {[BARE, ...GROUPS].map((name) => (
            <Menu.RadioItem key={name} value={name}>
              {t(name === BARE ? "view.ungrouped" : `column.${name}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Label>{t("view.columns")}</Menu.Label>
        {COLUMNS.map((name) => (
          <Menu.CheckboxItem
            key={name}
            checked={columns.includes(name)}
            onChange={(on) =>
              onColumns(COLUMNS.filter((one) => (one === name ? on : columns.includes(one))))
            }
          >
            {t(`column.${name}`)}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
