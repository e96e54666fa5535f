import { Menu, TextInput } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import type { Menued } from "@/parts/onDemand";
import { asDialog } from "./asDialog";
import type { DueProps } from "./DueMenu";
import classes from "./filters.module.css";
import { DUES, rangeOf } from "./model";

/** When the tasks are due: a word, or days from and to. */
export default function DueList({ target, opened, onChange, due, onDue }: DueProps & Menued) {
  const { t } = useTranslation("filters");
  const range = rangeOf(due);
  const [from, to] = [range?.from ?? "", range?.to ?? ""];
  const days = (first: string, last: string) => onDue(first || last ? `${first}..${last}` : null);
  return (
    <Menu
      opened={opened}
      onChange={onChange}
      position="bottom-start"
      shadow="md"
      closeOnItemClick={false}
      withinPortal
    >
      <Menu.Target>{target}</Menu.Target>
      <Menu.Dropdown className={classes.dropdown} renderRoot={asDialog}>
        <div role="menu" aria-label={t("field.due")} tabIndex={-1}>
          {DUES.map((name) => (
            <Menu.CheckboxItem
              key={name}
              checked={due === name}
              onChange={(on) => onDue(on ? name : null)}
            >
              {t(`due.${name}`)}
            </Menu.CheckboxItem>
          ))}
        </div>
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
