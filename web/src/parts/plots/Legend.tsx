import { useId } from "react";
import { Patterned } from "./Patterned";
import classes from "./plots.module.css";
import { colourOf, type Series } from "./series";

/** Which line and which area is which. */
export function Legend({ series }: { series: readonly Series[] }) {
  const id = useId();
  return (
    <ul className={classes.legend}>
      {series.map(({ name, label, tone, dash, pattern }) => (
        <li key={name}>
          <svg width={28} height={14} aria-hidden="true">
            {pattern === undefined ? (
              <line
                x1={0}
                x2={28}
                y1={7}
                y2={7}
                stroke={colourOf(tone)}
                strokeWidth={2.5}
                strokeDasharray={dash}
              />
            ) : (
              <>
                <Patterned id={`${id}${name}`} tone={tone} pattern={pattern} />
                <rect
                  x={0.5}
                  y={0.5}
                  width={27}
                  height={13}
                  stroke={colourOf(tone)}
                  fill={`url(#${id}${name})`}
                />
              </>
            )}
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}
