/** Days and times in the words of a locale. Formatters are dear to make, so they are kept. */

import { addDays, type DayKey, dayOf, daysBetween, momentOf, timeOf } from "./dates";
import { DAY, HOUR, MINUTE, type Moment } from "./zone";

const formatters = new Map<string, Intl.DateTimeFormat>();
const relatives = new Map<string, Intl.RelativeTimeFormat>();

const SHAPES = {
  weekday: { weekday: "long" },
  weekdayShort: { weekday: "short" },
  weekdayNarrow: { weekday: "narrow" },
  month: { month: "long", year: "numeric" },
  monthShort: { month: "short" },
  date: { day: "numeric", month: "short" },
  dateYear: { day: "numeric", month: "short", year: "numeric" },
  dateLong: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  numeric: { day: "2-digit", month: "2-digit", year: "numeric" },
  time: { hour: "numeric", minute: "2-digit" },
  full: {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

export type Shape = keyof typeof SHAPES;

function formatter(locale: string, shape: Shape, zone: string): Intl.DateTimeFormat {
  const key = `${locale}|${shape}|${zone}`;
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { ...SHAPES[shape], timeZone: zone });
    formatters.set(key, found);
  }
  return found;
}

function relative(locale: string): Intl.RelativeTimeFormat {
  let found = relatives.get(locale);
  if (!found) {
    found = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
    relatives.set(locale, found);
  }
  return found;
}

/**
 * The locale to format by: the browser's own for the application's language (`en-GB`), which knows
 * the country, else the language.
 */
export function localeFor(language: string, tags: readonly string[] = navigator.languages): string {
  const own = tags.find((tag) => tag.toLowerCase().split("-")[0] === language.toLowerCase());
  return own ?? language;
}

// Where the browser does not say (`getWeekInfo` is young): countries whose week begins on Sunday or
// Saturday, by CLDR. Elsewhere it is Monday.
const SUNDAY = new Set(
  "AG AS BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW".split(
    " ",
  ),
);
const SATURDAY = new Set("AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY".split(" "));

type WeekInfo = { firstDay: number };

/** The first day of the week where a locale is spoken, 0 for Sunday to 6 for Saturday. */
export function weekStartOf(tag: string): number {
  try {
    const locale = new Intl.Locale(tag) as Intl.Locale & {
      getWeekInfo?: () => WeekInfo;
      weekInfo?: WeekInfo;
    };
    const info = locale.getWeekInfo?.() ?? locale.weekInfo;
    if (info) return info.firstDay % 7;
    const region = locale.maximize().region ?? "";
    return SUNDAY.has(region) ? 0 : SATURDAY.has(region) ? 6 : 1;
  } catch {
    return 1;
  }
}

/** Whether a locale writes the month before the day: 12/24. */
export function monthFirst(locale: string): boolean {
  const parts = formatter(safe(locale), "numeric", "UTC").formatToParts(0);
  const at = (type: string) => parts.findIndex((part) => part.type === type);
  return at("month") < at("day");
}

function safe(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? "en";
  } catch {
    return "en";
  }
}

/** The days of the week from its first one on. */
export function weekdayNames(
  locale: string,
  shape: "weekday" | "weekdayShort" | "weekdayNarrow" = "weekdayShort",
): string[] {
  const sunday = "2026-11-22";
  const first = weekStartOf(locale);
  return Array.from({ length: 7 }, (_, index) =>
    formatDay(addDays(sunday, first + index), locale, shape),
  );
}

/** A day, which has no zone. */
export function formatDay(
  day: DayKey,
  locale: string,
  shape: Exclude<Shape, "time" | "full"> = "dateYear",
): string {
  const moment = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(moment) ? "" : formatter(safe(locale), shape, "UTC").format(moment);
}

/** A moment as the clocks of a zone have it; empty for what is none. */
export function formatMoment(
  moment: Moment,
  locale: string,
  zone: string,
  shape: Shape = "full",
): string {
  return Number.isNaN(moment) ? "" : formatter(safe(locale), shape, zone).format(moment);
}

/** A day as people say it: yesterday, today, tomorrow, a weekday within the next six, else its date. */
export function formatNearDay(day: DayKey, today: DayKey, locale: string): string {
  const ahead = daysBetween(today, day);
  if (Math.abs(ahead) <= 1) return relative(safe(locale)).format(ahead, "day");
  if (ahead > 1 && ahead < 7) return formatDay(day, locale, "weekday");
  return formatDay(day, locale, day.slice(0, 4) === today.slice(0, 4) ? "date" : "dateYear");
}

/** A due date as people say it: “tomorrow 14:00”, „Freitag“, “24 Dec 2027”. */
export function formatDue(iso: string, now: Moment, locale: string, zone: string): string {
  const moment = momentOf(iso);
  if (Number.isNaN(moment)) return "";
  const day = formatNearDay(dayOf(moment, zone), dayOf(now, zone), locale);
  return timeOf(iso, zone) === null ? day : `${day} ${formatMoment(moment, locale, zone, "time")}`;
}

/** The same, more than a week away without the time: what matters there is the day. */
export function formatDueBrief(iso: string, now: Moment, locale: string, zone: string): string {
  const moment = momentOf(iso);
  if (Number.isNaN(moment)) return "";
  const [day, today] = [dayOf(moment, zone), dayOf(now, zone)];
  const far = Math.abs(daysBetween(today, day)) > 7;
  return far ? formatNearDay(day, today, locale) : formatDue(iso, now, locale, zone);
}

/** A due date in full, for titles and screen readers. */
export function formatDueLong(iso: string, locale: string, zone: string): string {
  const moment = momentOf(iso);
  return formatMoment(moment, locale, zone, timeOf(iso, zone) === null ? "dateLong" : "full");
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
];

/** How long ago something was: “3 minutes ago”, „gestern“; after a week its date. */
export function formatAgo(iso: string, now: Moment, locale: string, zone: string): string {
  const moment = momentOf(iso);
  if (Number.isNaN(moment)) return "";
  const days = daysBetween(dayOf(now, zone), dayOf(moment, zone));
  if (Math.abs(days) >= 7) return formatMoment(moment, locale, zone, "dateYear");
  const past = moment - now;
  for (const [unit, length] of STEPS) {
    if (Math.abs(past) < length) continue;
    return relative(safe(locale)).format(unit === "day" ? days : Math.trunc(past / length), unit);
  }
  return relative(safe(locale)).format(0, "second");
}
