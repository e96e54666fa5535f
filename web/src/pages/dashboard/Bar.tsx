import { CloseButton, NativeSelect, SegmentedControl, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ComponentProps, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { type Filter, useNames } from "@/parts/filters";
import { FacetMenu } from "@/parts/filters/FacetMenu";
import { type FacetField, useChips, useFacets } from "@/parts/filters/facets";
import filters from "@/parts/filters/filters.module.css";
import { toggled } from "@/parts/filters/model";
import type { SetFilter } from "@/parts/filters/useFilter";
import type { View } from "@/replica/workspace";
import { type DayKey, isDay } from "@/time/dates";
import classes from "./dashboard.module.css";
import { LENGTHS, type Length, lastDays, ownDays, type Range, withRange } from "./range";

type Props = {
  view: View;
  range: Range;
  today: DayKey;
  filter: Filter;
  onFilter: SetFilter;
};

const FIELDS = ["project", "assignee", "label"] as const satisfies readonly FacetField[];
const OWN = "own";

/** Which days and which tasks the page is about; both stand in its address. */
export function Bar({ view, range, today, filter, onFilter }: Props) {
  const { t } = useTranslation(["dashboard", "filters"]);
  const navigate = useNavigate();
  const names = useNames(view);
  const facets = useFacets(names);
  const chips = useChips(filter, names).filter(({ key }) =>
    FIELDS.some((field) => key.startsWith(`${field}:`)),
  );
  const go = (next: Range) =>
    void navigate({
      to: ".",
      search: ((now: Record<string, unknown>) => withRange(now, next)) as never,
      resetScroll: false,
    });
  const chosen = range.days === null ? OWN : String(range.days);
  const lengths = [
    ...LENGTHS.map((days) => ({ value: String(days), label: t("range.days", { days }) })),
    { value: OWN, label: t("range.own") },
  ];
  const choose = (value: string) =>
    go(value === OWN ? { ...range, days: null } : lastDays(Number(value) as Length, today));
  const toggle = (field: (typeof FIELDS)[number]) => (value: string) =>
    onFilter((now) => {
      const next = toggled(now[field], value);
      // A task may bear several labels, and would count more than once.
      return { ...now, [field]: field === "label" ? next.slice(-1) : next };
    });
  return (
    <search aria-label={t("bar")}>
      <div className={classes.bar}>
        <SegmentedControl
          visibleFrom="sm"
          aria-label={t("range.label")}
          value={chosen}
          data={lengths}
          onChange={choose}
        />
        <NativeSelect
          hiddenFrom="sm"
          aria-label={t("range.label")}
          value={chosen}
          data={lengths}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        />
        {FIELDS.map((field) => (
          <FacetMenu
            key={field}
            label={t(`filters:field.${field}`)}
            options={facets[field]}
            values={filter[field]}
            onToggle={toggle(field)}
          />
        ))}
        {chips.map((chip) => (
          <span key={chip.key} className={filters.chip}>
            <span className={filters.chipText} dir="auto">
              {chip.label}
            </span>
            <CloseButton
              size="sm"
              aria-label={t("filters:chip.remove", { name: chip.label })}
              onClick={() => onFilter(chip.without)}
            />
          </span>
        ))}
      </div>
      {range.days === null && (
        <div className={classes.days}>
          <Day
            label={t("range.from")}
            value={range.from}
            max={today}
            onDay={(day) => go(ownDays(day, range.to, today))}
          />
          <Day
            label={t("range.to")}
            value={range.to}
            max={today}
            onDay={(day) => go(ownDays(range.from, day, today))}
          />
        </div>
      )}
    </search>
  );
}

type DayProps = Pick<ComponentProps<typeof TextInput>, "label" | "max"> & {
  value: DayKey;
  onDay: (day: DayKey) => void;
};

const FIRST_DAY = "1970-01-01";

/** While a year is being typed it is a day of the first centuries, or none. */
function Day({ value, onDay, ...props }: DayProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const take = (day: string) => {
    const known = isDay(day) && day >= FIRST_DAY;
    setTyped(known ? null : day);
    if (known && day !== value) onDay(day);
  };
  return (
    <TextInput
      {...props}
      type="date"
      min={FIRST_DAY}
      value={typed ?? value}
      onChange={({ currentTarget }) => take(currentTarget.value)}
      onBlur={() => setTyped(null)}
    />
  );
}
