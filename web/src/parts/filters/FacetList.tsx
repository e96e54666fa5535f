import { Menu } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { Menued } from "@/parts/onDemand";
import { asDialog } from "./asDialog";
import type { FacetProps } from "./FacetMenu";
import classes from "./filters.module.css";

// So many that one looks for a name instead of reading them all.
const MANY = 8;
const MOST_SHOWN = 60;

/** The values of one field, any of which may be ticked. */
export default function FacetList(props: FacetProps & Menued) {
  const { target, opened, onChange, label, options, values, onToggle, children } = props;
  const { t } = useTranslation("filters");
  const [typed, setTyped] = useState("");
  const shown = useMemo(() => {
    const wanted = typed.trim().toLowerCase();
    const found = options.filter((one) => one.label.toLowerCase().includes(wanted));
    return found.slice(0, MOST_SHOWN);
  }, [options, typed]);
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
        {options.length > MANY && (
          <Menu.Search
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            placeholder={t("menu.find")}
            aria-label={t("menu.findIn", { name: label })}
          />
        )}
        <div role="menu" aria-label={label} tabIndex={-1} className={classes.options}>
          {shown.map((one) => (
            <Menu.CheckboxItem
              key={one.value}
              checked={values.includes(one.value)}
              onChange={() => onToggle(one.value)}
              rightSection={one.icon}
            >
              <span dir="auto">{one.label}</span>
            </Menu.CheckboxItem>
          ))}
          {shown.length === 0 && <Menu.Label>{t("menu.nothing")}</Menu.Label>}
          {shown.length === MOST_SHOWN && <Menu.Label>{t("menu.more")}</Menu.Label>}
        </div>
        {children}
      </Menu.Dropdown>
    </Menu>
  );
}
