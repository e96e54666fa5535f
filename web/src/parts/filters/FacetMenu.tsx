import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./filters.module.css";

export type FacetOption = { value: string; label: string; icon?: ReactNode };

// So many that one looks for a name instead of reading them all.
const MANY = 8;
const MOST_SHOWN = 60;

type Props = {
  label: string;
  options: readonly FacetOption[];
  values: readonly string[];
  onToggle: (value: string) => void;
  children?: ReactNode;
};

/** One field of the filter: a menu of values, any of which may be ticked. */
export function FacetMenu({ label, options, values, onToggle, children }: Props) {
  const { t } = useTranslation("filters");
  const [typed, setTyped] = useState("");
  const shown = useMemo(() => {
    const wanted = typed.trim().toLowerCase();
    const found = options.filter((one) => one.label.toLowerCase().includes(wanted));
    return found.slice(0, MOST_SHOWN);
  }, [options, typed]);
  return (
    <Menu position="bottom-start" shadow="md" closeOnItemClick={false} withinPortal>
      <Menu.Target>
        <Button
          size="compact-md"
          variant={values.length > 0 ? "light" : "default"}
          className={classes.facet}
          rightSection={<IconChevronDown size={14} aria-hidden />}
        >
          {label}
          {values.length > 0 && <span className={classes.count}>{values.length}</span>}
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={classes.dropdown}>
        {options.length > MANY && (
          <Menu.Search
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            placeholder={t("menu.find")}
            aria-label={t("menu.findIn", { name: label })}
          />
        )}
        <div className={classes.options}>
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
