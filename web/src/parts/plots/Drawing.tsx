import "@mantine/charts/styles.css";
import { AreaChart, LineChart } from "@mantine/charts";
import { useId } from "react";
import { Patterned } from "./Patterned";
import { colourOf, type Row, type Series } from "./series";

type Props = {
  rows: readonly Row[];
  series: readonly Series[];
  /** Areas on top of each other, else lines. */
  stacked: boolean;
  format: (value: number) => string;
};

const HEIGHT = 240;
// The summary and the table say what it shows; a plot that takes the focus would add nothing.
const QUIET = { accessibilityLayer: false } as const;
const STILL = { isAnimationActive: false } as const;

/** The plot itself: the only part that needs the library that draws. */
export default function Drawing({ rows, series, stacked, format }: Props) {
  const id = useId();
  const common = {
    h: HEIGHT,
    data: rows as Row[],
    dataKey: "label",
    curveType: "linear" as const,
    withDots: rows.length <= 2,
    valueFormatter: format,
    xAxisProps: { minTickGap: 24, interval: "equidistantPreserveStart" as const },
    yAxisProps: { allowDecimals: false, width: 48 },
    series: series.map(({ name, label, tone, dash }) => ({
      name,
      label,
      color: colourOf(tone),
      ...(dash !== undefined && { strokeDasharray: dash }),
    })),
  };
  if (!stacked) return <LineChart {...common} lineChartProps={QUIET} lineProps={STILL} />;
  return (
    <AreaChart
      {...common}
      type="stacked"
      areaChartProps={QUIET}
      areaProps={({ name }) => ({ ...STILL, fill: `url(#${id}${name})`, fillOpacity: 1 })}
      strokeWidth={1.5}
    >
      <defs>
        {series.map(({ name, tone, pattern = "plain" }) => (
          <Patterned key={name} id={`${id}${name}`} tone={tone} pattern={pattern} />
        ))}
      </defs>
    </AreaChart>
  );
}
