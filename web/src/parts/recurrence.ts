/** Rules of recurrence (docs/api/recurring.md): made of choices, checked, and said in words. */

import type { TFunction } from "i18next";
import { type DayKey, endOfMonth, partsOf, weekdayOf } from "@/time/dates";
import { formatDay } from "@/time/format";

export const DAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"] as const;
export type Day = (typeof DAYS)[number];
const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
type Frequency = (typeof FREQUENCIES)[number];

const NUMBERS: Readonly<Record<string, readonly [signed: boolean, least: number, most: number]>> = {
  BYMONTH: [false, 1, 12],
  BYMONTHDAY: [true, 1, 31],
  BYYEARDAY: [true, 1, 366],
  BYWEEKNO: [true, 1, 53],
  BYSETPOS: [true, 1, 366],
  BYHOUR: [false, 0, 23],
  BYMINUTE: [false, 0, 59],
};
const LONGEST = 500;
const MOST = 1000;

export type Rule = {
  freq: Frequency;
  interval: number;
  count: number | null;
  until: string | null;
  days: { at: number; day: Day }[];
  numbers: Readonly<Record<string, readonly number[]>>;
};

/** The rule that a text is; null where the server would refuse its form. */
export function readRule(text: string): Rule | null {
  if (text.length > LONGEST) return null;
  const parts = new Map<string, string>();
  for (const part of text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, "")
    .replace(/;+$/, "")
    .split(";")) {
    const [name = "", value, ...more] = part.split("=");
    if (value === undefined || more.length > 0 || parts.has(name)) return null;
    parts.set(name, value);
  }
  const freq = FREQUENCIES.find((one) => one === parts.get("FREQ"));
  if (freq === undefined) return null;
  const rule = { freq, interval: 1, count: null, until: null, days: [], numbers: {} } as Rule & {
    numbers: Record<string, number[]>;
  };
  for (const [name, value] of parts) {
    if (name !== "FREQ" && !take(rule, name, value)) return null;
  }
  return rule.count !== null && rule.until !== null ? null : rule;
}

function take(rule: Rule & { numbers: Record<string, number[]> }, name: string, value: string) {
  const among = NUMBERS[name];
  if (among !== undefined) {
    const [signed, least, most] = among;
    const numbers = value
      .split(",")
      .map((one) => (/^[+-]?\d{1,3}$/.test(one) ? Number(one) : Number.NaN));
    rule.numbers[name] = numbers;
    return numbers.every((n) => (signed ? Math.abs(n) : n) >= least && Math.abs(n) <= most);
  }
  switch (name) {
    case "INTERVAL":
    case "COUNT": {
      const number = /^\d{1,4}$/.test(value) ? Number(value) : 0;
      if (name === "INTERVAL") rule.interval = number;
      else rule.count = number;
      return number >= 1 && number <= MOST;
    }
    case "UNTIL":
      rule.until = value;
      return /^\d{8}(T\d{6}Z?)?$/.test(value);
    case "WKST":
      return DAYS.includes(value as Day);
    case "BYDAY":
      rule.days = value.split(",").flatMap((one) => {
        const found = /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/.exec(one);
        return found ? [{ at: Number(found[1] ?? 0), day: found[2] as Day }] : [];
      });
      return rule.days.length === value.split(",").length;
    default:
      return false;
  }
}

const WORKING = "FR,MO,TH,TU,WE";
const workingDays = (rule: Rule): boolean =>
  rule.days.every(({ at }) => at === 0) &&
  rule.days
    .map(({ day }) => day)
    .sort()
    .join() === WORKING;

// Which days of the month or week; null where it cannot be said in a few words.
function daysInWords(rule: Rule, t: TFunction, locale: string): string | null {
  const list = (words: string[]) =>
    new Intl.ListFormat(locale, { type: "conjunction" }).format(words);
  const positions = rule.numbers.BYSETPOS;
  const dates = rule.numbers.BYMONTHDAY;
  if (positions) {
    const [at = 0] = positions;
    if (positions.length > 1 || dates || !workingDays(rule)) return null;
    return at in ORDINALS
      ? t("repeat.onWorkingDay", { place: t(`repeat.place${ORDINALS[at]}`) })
      : null;
  }
  if (dates && rule.days.length > 0) return null;
  if (dates) {
    const named = dates.map((n) => (n > 0 ? t("repeat.date", { number: n }) : lastDate(n, t)));
    return named.includes(null as never) ? null : t("repeat.on", { days: list(named as string[]) });
  }
  if (rule.days.length === 0) return "";
  const weekday = (day: Day) => formatDay(`2026-11-${22 + DAYS.indexOf(day)}`, locale, "weekday");
  if (rule.days.every(({ at }) => at === 0)) {
    return t("repeat.onDays", { days: list(rule.days.map(({ day }) => weekday(day))) });
  }
  const placed = rule.days.map(({ at, day }) =>
    at in ORDINALS
      ? t("repeat.placed", { place: t(`repeat.place${ORDINALS[at]}`), day: weekday(day) })
      : null,
  );
  return placed.includes(null) ? null : t("repeat.on", { days: list(placed as string[]) });
}

const ORDINALS: Readonly<Record<number, string>> = {
  1: "1",
  2: "2",
  3: "3",
  4: "4",
  5: "5",
  [-1]: "Last",
  [-2]: "BeforeLast",
};
const lastDate = (n: number, t: TFunction) => (n === -1 ? t("repeat.lastDate") : null);

/** “Every 2 weeks on Monday and Thursday”; the rule itself where it is too much for words. */
export function ruleInWords(text: string, t: TFunction, locale: string): string {
  const parts = (key: string, options: object = {}) => t(key, { ns: "parts", ...options });
  const rule = readRule(text);
  const rare = rule && (rule.numbers.BYYEARDAY || rule.numbers.BYWEEKNO || rule.numbers.BYMINUTE);
  const days = rule && !rare ? daysInWords(rule, parts as TFunction, locale) : null;
  if (!rule || days === null) return parts("repeat.rule", { rule: text });
  const list = (words: string[]) => new Intl.ListFormat(locale).format(words);
  const plain = rule.interval === 1 && rule.freq === "WEEKLY" && workingDays(rule);
  const said = plain
    ? [parts("repeat.workingDays")]
    : [parts(`repeat.${rule.freq.toLowerCase()}`, { count: rule.interval }), days];
  const months = rule.numbers.BYMONTH;
  if (months) {
    const names = months.map((month) =>
      new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" }).format(
        Date.UTC(2026, month - 1),
      ),
    );
    said.push(parts("repeat.inMonths", { months: list(names) }));
  }
  if (rule.numbers.BYHOUR) {
    const clock = new Intl.DateTimeFormat(locale, {
      hour: "numeric",
      minute: "2-digit",
      timeZone: "UTC",
    });
    const times = rule.numbers.BYHOUR.map((hour) => clock.format(hour * 3_600_000));
    said.push(parts("repeat.atTimes", { times: list(times) }));
  }
  let words = said.filter(Boolean).join(" ");
  if (rule.count !== null) words += parts("repeat.times", { count: rule.count });
  if (rule.until !== null) {
    const day = rule.until.replace(/^(\d{4})(\d{2})(\d{2}).*$/, "$1-$2-$3");
    words += parts("repeat.until", { day: formatDay(day, locale) });
  }
  return words;
}

/** The rules that people use, for a task that is due on `day`; each but the first is fixed to it. */
export function commonRules(day: DayKey): string[] {
  const { day: date } = partsOf(day);
  const weekday = DAYS[weekdayOf(day)];
  const nth = Math.ceil(date / 7);
  const last = endOfMonth(day) === day;
  return [
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    `FREQ=WEEKLY;BYDAY=${weekday}`,
    `FREQ=WEEKLY;INTERVAL=2;BYDAY=${weekday}`,
    last ? "FREQ=MONTHLY;BYMONTHDAY=-1" : `FREQ=MONTHLY;BYMONTHDAY=${date}`,
    `FREQ=MONTHLY;BYDAY=${nth > 4 ? -1 : nth}${weekday}`,
    "FREQ=YEARLY",
  ];
}
