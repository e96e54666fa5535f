import { Button, CloseButton } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { type ReactNode, type RefObject, useId, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { View } from "@/replica/workspace";
import { DueMenu } from "./DueMenu";
import { FacetMenu } from "./FacetMenu";
import { FACETS, type FacetField, useChips, useFacets } from "./facets";
import classes from "./filters.module.css";
import { cleared, type Filter, narrows, toggled } from "./model";
import { useNames } from "./names";
import { SavedMenu } from "./SavedMenu";
import type { SetFilter } from "./useFilter";
import type { Filtered } from "./useFiltered";
import { Words } from "./Words";

type Props = {
  view: View;
  filter: Filter;
  onChange: SetFilter;
  /** How many tasks are left; said aloud when it changes. */
  count: number;
  text: Filtered["text"];
  /** Fields that the page decides by itself. */
  without?: readonly (FacetField | "due")[];
  searchRef?: RefObject<HTMLInputElement | null>;
  /** More menus, behind the others. */
  children?: ReactNode;
};

/** What narrows the tasks of a page: words, fields, saved filters, and how many are left. */
export function FilterBar({
  view,
  filter,
  onChange,
  count,
  text,
  without = [],
  searchRef,
  children,
}: Props) {
  const { t } = useTranslation("filters");
  const names = useNames(view);
  const facets = useFacets(names);
  const [open, setOpen] = useState(false);
  const id = useId();
  const toggle = (field: FacetField) => (value: string) =>
    onChange((now) => ({ ...now, [field]: toggled(now[field] as readonly string[], value) }));
  return (
    <search className={classes.bar} aria-label={t("bar.label")}>
      <div className={classes.row}>
        <Words filter={filter} onChange={onChange} inputRef={searchRef} />
        <Button
          size="compact-md"
          variant={narrows(filter) ? "light" : "default"}
          className={`${classes.facet} ${classes.disclose}`}
          leftSection={<IconFilter size={16} aria-hidden />}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {t("bar.filters")}
        </Button>
        <div className={classes.facets} id={id} data-open={open}>
          {FACETS.filter((field) => !without.includes(field)).map((field) => (
            <FacetMenu
              key={field}
              label={t(`field.${field}`)}
              options={facets[field]}
              values={filter[field]}
              onToggle={toggle(field)}
            />
          ))}
          {!without.includes("due") && (
            <DueMenu due={filter.due} onDue={(due) => onChange((now) => ({ ...now, due }))} />
          )}
          <SavedMenu
            workspaceId={view.id}
            filter={filter}
            onApply={(saved) => onChange(() => saved)}
          />
          {children}
        </div>
      </div>
      <Chips view={view} filter={filter} onChange={onChange} count={count} text={text} />
    </search>
  );
}

type ChipsProps = Pick<Props, "view" | "filter" | "onChange" | "count" | "text">;

function Chips({ view, filter, onChange, count, text }: ChipsProps) {
  const { t } = useTranslation("filters");
  const chips = useChips(filter, useNames(view));
  const on = narrows(filter);
  return (
    <div className={classes.chips}>
      <output aria-live="polite" className={classes.result}>
        {view.state === "loading" ? t("bar.loading") : t("bar.count", { count })}
        {text !== "none" && text !== "all" && ` ${t(`text.${text}`)}`}
      </output>
      {chips.map((chip) => (
        <span key={chip.key} className={classes.chip}>
          <span className={classes.chipText} dir="auto">
            {chip.label}
          </span>
          <CloseButton
            size="sm"
            aria-label={t("chip.remove", { name: chip.label })}
            onClick={() => onChange(chip.without)}
          />
        </span>
      ))}
      {on && (
        <Button size="compact-sm" variant="subtle" onClick={() => onChange(cleared)}>
          {t("bar.clear")}
        </Button>
      )}
    </div>
  );
}
