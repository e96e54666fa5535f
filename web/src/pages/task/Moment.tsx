import { nowMs } from "@/time/clock";
import { formatAgo, formatDueLong, localeFor } from "@/time/format";
import { useSurroundings } from "./context";

/** When something happened: how long ago, and exactly on a closer look. */
export function Moment({ iso }: { iso: string }) {
  const { zone, language } = useSurroundings();
  const locale = localeFor(language);
  return (
    <time dateTime={iso} title={formatDueLong(iso, locale, zone)}>
      {formatAgo(iso, nowMs(), locale, zone)}
    </time>
  );
}
