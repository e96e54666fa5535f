import { Menu } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { COLUMNS, GROUPS, SORTS, type Sort } from "@/parts/filters/model";
import type { Menued } from "@/parts/onDemand";
import classes from "./list.module.css";
import type { ViewProps } from "./ViewMenu";

const BARE = "-";

/** How the tasks are shown: order, groups, columns. */
export default function ViewList(props: ViewProps & Menued) {
  const { target, opened, onChange, filter, columns, onFilter, onColumns } = props;
  const { t } = useTranslation("list");
  const descending = filter.sort.startsWith("-");
  const field = descending ? filter.sort.slice(1) : filter.sort;
  const sortBy = (sort: string) => onFilter((now) => ({ ...now, sort: sort as Sort }));
  return (
    <Menu
      opened={opened}
      onChange={onChange}
      position="bottom-end"
      shadow="md"
      closeOnItemClick={false}
      withinPortal
    >
      <Menu.Target>{target}</Menu.Target>
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
            onFilter((now) => ({ ...now, group: GROUPS.find((one) => one === group) ?? null }))
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
