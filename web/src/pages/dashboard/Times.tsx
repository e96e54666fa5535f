import { useId } from "react";
import { useTranslation } from "@/i18n/words";
import plots from "@/parts/plots/plots.module.css";
import classes from "./dashboard.module.css";
import { formatDuration } from "./series";
import type { Statistics } from "./useStatistics";

const KINDS = ["lead", "cycle"] as const;
const POINTS = ["p50", "p85", "p95"] as const;

/** How long tasks took, from being made and from being begun, as a table with bars. */
export function Times({ data }: { data: Statistics }) {
  const { t, i18n } = useTranslation("dashboard");
  const id = useId();
  const spreads = { lead: data.lead_time_s, cycle: data.cycle_time_s };
  const longest = Math.max(1, ...KINDS.flatMap((kind) => spreads[kind].p95 ?? 0));
  const said = (seconds: number, display: "long" | "short" = "long") =>
    formatDuration(seconds, i18n.language, display);
  const { lead } = spreads;
  return (
    <figure className={`${plots.figure} ${classes.part}`} aria-labelledby={id}>
      <h2 id={id} className={plots.title}>
        {t("times.title")}
      </h2>
      <p className={plots.summary}>
        {lead.count === 0
          ? t("times.nothing")
          : t("times.summary", { p50: said(lead.p50 ?? 0), p95: said(lead.p95 ?? 0) })}
      </p>
      {KINDS.map((kind) => (
        <table key={kind} className={plots.table}>
          <thead>
            <tr>
              <th scope="col">{t(`times.${kind}`, { count: spreads[kind].count })}</th>
              <td className={classes.meters} />
              <th scope="col">{t("times.upTo")}</th>
            </tr>
          </thead>
          <tbody>
            {POINTS.map((point) => {
              const seconds = spreads[kind][point];
              return (
                <tr key={point}>
                  <th scope="row">{t(`times.${point}`)}</th>
                  <td className={classes.meters}>
                    <span
                      className={classes.meter}
                      style={{ inlineSize: `${(100 * (seconds ?? 0)) / longest}%` }}
                    />
                  </td>
                  <td>
                    {seconds == null || spreads[kind].count === 0 ? "–" : said(seconds, "short")}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      ))}
    </figure>
  );
}
