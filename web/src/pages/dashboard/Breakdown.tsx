import { Button, SegmentedControl } from "@mantine/core";
import { useId, useState } from "react";
import type { Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { useNames } from "@/parts/filters";
import plots from "@/parts/plots/plots.module.css";
import type { View } from "@/replica/workspace";
import classes from "./dashboard.module.css";
import type { Statistics } from "./useStatistics";

type Part = Schemas["PartOut"];
const BY = ["assignee", "project", "label"] as const;
type By = (typeof BY)[number];

const FEW = 8;

/** Who, where and what kind: how much was done of each, as a table with bars. */
export function Breakdown({ data, view }: { data: Statistics; view: View }) {
  const { t, i18n } = useTranslation("dashboard");
  const [by, setBy] = useState<By>("assignee");
  const [all, setAll] = useState(false);
  const names = useNames(view);
  const id = useId();
  const nameOf = ({ id: key }: Part): string => {
    if (key === null) return t(`byNone.${by}`);
    const found = { assignee: names.member, project: names.project, label: names.label }[by];
    return found.get(key)?.name ?? t("by.gone");
  };
  const parts = data[`by_${by}`].toSorted((a, b) => b.throughput - a.throughput || b.open - a.open);
  const shown = all ? parts : parts.slice(0, FEW);
  const best = parts.find(({ id: key }) => key !== null);
  const most = Math.max(1, parts[0]?.throughput ?? 0);
  const format = new Intl.NumberFormat(i18n.language).format;
  return (
    <figure className={`${plots.figure} ${classes.part}`} aria-labelledby={id}>
      <div className={plots.head}>
        <h2 id={id} className={plots.title}>
          {t("by.title")}
        </h2>
        <SegmentedControl
          size="xs"
          aria-label={t("by.grouped")}
          value={by}
          onChange={(value) => setBy(value as By)}
          data={BY.map((value) => ({ value, label: t(`by.${value}`) }))}
        />
      </div>
      <p className={plots.summary}>
        {best === undefined || best.throughput === 0
          ? t("by.nothing")
          : t("by.summary", { name: nameOf(best), count: best.throughput })}
      </p>
      <section
        className={all ? plots.scroll : undefined}
        tabIndex={all ? 0 : undefined}
        aria-labelledby={id}
      >
        <table className={plots.table}>
          <thead>
            <tr>
              <th scope="col">{t(`by.${by}`)}</th>
              <td className={classes.meters} />
              <th scope="col">{t("completed")}</th>
              <th scope="col">{t("created")}</th>
              <th scope="col">{t("numbers.open")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((part) => (
              <tr key={part.id ?? "none"}>
                <th scope="row" dir="auto" className={classes.who}>
                  {nameOf(part)}
                </th>
                <td className={classes.meters}>
                  <span
                    className={classes.meter}
                    style={{ inlineSize: `${(100 * part.throughput) / most}%` }}
                  />
                </td>
                <td>{format(part.throughput)}</td>
                <td>{format(part.created)}</td>
                <td>{format(part.open)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {parts.length > FEW && (
        <Button size="compact-sm" variant="subtle" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("by.fewer") : t("by.all", { count: parts.length })}
        </Button>
      )}
    </figure>
  );
}
