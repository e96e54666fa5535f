import { Button, Menu, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import classes from "./filters.module.css";
import { DUES, type DueFilter, rangeOf } from "./model";

type Props = { due: DueFilter | null; onChange: (due: DueFilter | null) => void };

/** When the tasks are due: a word, or days from and to. */
export function DueMenu({ due, onChange }: Props) {
  const { t } = useTranslation("filters");
  const range = rangeOf(due);
  const [from, to] = [range?.from ?? "", range?.to ?? ""];
  const days = (first: string, last: string) =>
    onChange(first || last ? `${first}..${last}` : null);
  return (
    <Menu position="bottom-start" shadow="md" closeOnItemClick={false} withinPortal>
      <Menu.Target>
        <Button
          size="compact-md"
          variant={due === null ? "default" : "light"}
          className={classes.facet}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          {t("field.due")}
          {due !== null && <span className={classes.count}>1</span>}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.dropdown}>
        {DUES.map((name) => (
          <Menu.CheckboxItem
            key={name}
            checked={due === name}
            onChange={(on) => onChange(on ? name : null)}
          >
            {t(`due.${name}`)}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <div className={classes.days}>
          <TextInput
            type="date"
            size="xs"
            label={t("due.from")}
            value={from}
            max={to}
            onChange={(event) => days(event.currentTarget.value, to)}
          />
          <TextInput
            type="date"
            size="xs"
            label={t("due.to")}
            value={to}
            min={from}
            onChange={(event) => days(from, event.currentTarget.value)}
          />
        </div>
      </Menu.Dropdown>
    </Menu>
  );
}
