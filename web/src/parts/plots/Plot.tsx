import { Button, Skeleton } from "@mantine/core";
import { Suspense, useId, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { Legend } from "./Legend";
import classes from "./plots.module.css";
import type { Row, Series } from "./series";

const Drawing = arriving(() => import("./Drawing"));

type Props = {
  title: string;
  /** What the plot shows, in a sentence or two. */
  summary: string;
  rows: readonly Row[];
  series: readonly Series[];
  /** What the first column of the table is called. */
  when: string;
  stacked?: boolean;
};

/** A plot with its summary; the same as a table for whoever would rather read. */
export function Plot({ title, summary, rows, series, when, stacked = false }: Props) {
  const { t, i18n } = useTranslation("parts");
  const [table, setTable] = useState(false);
  const id = useId();
  const numbers = new Intl.NumberFormat(i18n.language);
  return (
    <figure className={classes.figure} aria-labelledby={id}>
      <div className={classes.head}>
        <h2 id={id} className={classes.title}>
          {title}
        </h2>
        <Button
          size="compact-sm"
          variant="subtle"
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          {t("plot.table")}
        </Button>
      </div>
      <p className={classes.summary}>{summary}</p>
      <Legend series={series} />
      <div className={classes.plot}>
        {table ? (
          <Values {...{ title, rows, series, when }} format={numbers.format} />
        ) : (
          <div role="img" aria-label={`${title}. ${summary}`}>
            <Suspense fallback={<Skeleton height={240} />}>
              <Drawing rows={rows} series={series} stacked={stacked} format={numbers.format} />
            </Suspense>
          </div>
        )}
      </div>
    </figure>
  );
}

type ValuesProps = Pick<Props, "title" | "rows" | "series" | "when"> & {
  format: (value: number) => string;
};

function Values({ title, rows, series, when, format }: ValuesProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached with the keyboard
    <section className={classes.scroll} tabIndex={0} aria-label={title}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{when}</th>
            {series.map(({ name, label }) => (
              <th key={name} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <th scope="row">{row.label}</th>
              {series.map(({ name }) => (
                <td key={name}>{format(Number(row[name] ?? 0))}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
