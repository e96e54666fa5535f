/** What quick add has understood, in words. */

import type { TFunction } from "i18next";
import { ruleInWords } from "@/parts/recurrence";
import type { Parsed, Token } from "@/text/quickadd";
import { ruleOf } from "@/text/quickadd/series";
import { type DayKey, dayOf, dayOfIso, dueOn, momentOf, toIso } from "@/time/dates";
import { formatDay, formatDue, formatMoment, formatNearDay } from "@/time/format";

export type Frame = { t: TFunction; locale: string; zone: string; now: number };

/** “tomorrow”, “Friday, Nov 20”: a weekday with its date, since there are many Fridays. */
function dayInWords(day: DayKey, { locale, zone, now }: Frame): string {
  const near = formatNearDay(day, dayOf(now, zone), locale);
  return near === formatDay(day, locale, "weekday")
    ? `${near}, ${formatDay(day, locale, "date")}`
    : near;
}

function dueInWords(iso: string, frame: Frame): string {
  const { locale, zone } = frame;
  const day = dayInWords(dayOfIso(iso, zone), frame);
  // What stands behind the day, if anything does.
  const time = formatDue(iso, momentOf(iso), locale, zone).slice(
    formatNearDay(dayOfIso(iso, zone), dayOfIso(iso, zone), locale).length,
  );
  return `${day}${time}`;
}

/** What a token stands for. Without a date of its own a time, or a series, says which day it leads to. */
export function inWords(token: Token, parsed: Parsed, frame: Frame): string {
  const { t, locale, zone } = frame;
  const dated = parsed.tokens.some(({ kind }) => kind === "date");
  switch (token.kind) {
    case "date": {
      const { at, day, time } = token.value;
      const alone = !parsed.tokens.some(({ kind }) => kind === "time" || kind === "recurrence");
      // Tonight may be over.
      if (alone && parsed.due_at !== null && parsed.tokens.includes(token)) {
        return dueInWords(parsed.due_at, frame);
      }
      return dueInWords(at === null ? dueOn(day, zone, time) : toIso(at), frame);
    }
    case "time": {
      const { hour, minute } = token.value;
      if (!dated && parsed.due_at !== null && parsed.tokens.includes(token)) {
        return dueInWords(parsed.due_at, frame);
      }
      return formatMoment((hour * 60 + minute) * 60_000, locale, "UTC", "time");
    }
    case "recurrence": {
      const rule = ruleInWords(ruleOf(token.value), t, locale);
      if (parsed.due_at === null || !parsed.tokens.includes(token)) return rule;
      // The date that was typed need not be one of the series.
      const date = parsed.tokens.find(({ kind }) => kind === "date");
      const same = date?.kind === "date" && date.value.day === dayOfIso(parsed.due_at, zone);
      return same ? rule : t("first", { rule, day: dueInWords(parsed.due_at, frame) });
    }
    case "priority":
      return t(token.value);
    case "label":
      return token.value.id === null ? t("newLabel", { name: token.value.name }) : token.value.name;
    default:
      return token.name;
  }
}

/** All of it in a sentence, for those who hear it. */
export function summary(parsed: Parsed, frame: Frame): string {
  const { t } = frame;
  const said = parsed.tokens.map(
    (token) => `${t(`kind.${token.kind}`)}: ${inWords(token, parsed, frame)}`,
  );
  const unknown = parsed.unknown.map(({ kind, reason, text }) => t(`${reason}.${kind}`, { text }));
  return [...said, ...unknown].join("; ");
}
