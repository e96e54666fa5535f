/** The words that quick add knows, English and German, as `fold` leaves them. */

import { fold, foldGerman } from "./fold";

const each = (list: string): string[] =>
  list.split(" ").flatMap((word) => [fold(word), foldGerman(word)]);
export const set = (list: string): ReadonlySet<string> => new Set(each(list));

function table<Value>(rows: readonly (readonly [string, Value])[]): ReadonlyMap<string, Value> {
  return new Map(rows.flatMap(([list, value]) => each(list).map((word) => [word, value] as const)));
}

export const TODAY = set("today heute");
export const TOMORROW = set("tomorrow tmrw tomorow morgen");
export const AFTER_TOMORROW = set("übermorgen");

/** 0 for Sunday, as in `weekdayOf`. */
export const WEEKDAYS = table([
  ["sunday sonntag", 0],
  ["monday montag", 1],
  ["tuesday dienstag", 2],
  ["wednesday mittwoch", 3],
  ["thursday donnerstag", 4],
  ["friday freitag", 5],
  ["saturday samstag sonnabend", 6],
]);
/** Also words of their own in the language, or in the other one: only where something says so. */
export const ENGLISH_SHORT = table([
  ["sun", 0],
  ["mon", 1],
  ["tue tues", 2],
  ["wed", 3],
  ["thu thur thurs", 4],
  ["fri", 5],
  ["sat", 6],
]);
export const GERMAN_SHORT = table([
  ["so", 0],
  ["mo", 1],
  ["di", 2],
  ["mi", 3],
  ["do", 4],
  ["fr", 5],
  ["sa", 6],
]);
/** Mean every one of them by themselves. */
export const ON_DAYS = table([
  ["sonntags", 0],
  ["montags", 1],
  ["dienstags", 2],
  ["mittwochs", 3],
  ["donnerstags", 4],
  ["freitags", 5],
  ["samstags sonnabends", 6],
]);
export const PLURAL_DAYS = table([
  ["sundays sonntage", 0],
  ["mondays montage", 1],
  ["tuesdays dienstage", 2],
  ["wednesdays mittwoche", 3],
  ["thursdays donnerstage", 4],
  ["fridays freitage", 5],
  ["saturdays samstage", 6],
]);

export const MONTHS = table([
  ["january jan januar jänner", 1],
  ["february feb februar", 2],
  ["march mar märz mrz mär", 3],
  ["april apr", 4],
  ["may mai", 5],
  ["june jun juni", 6],
  ["july jul juli", 7],
  ["august aug", 8],
  ["september sep sept", 9],
  ["october oct oktober okt", 10],
  ["november nov", 11],
  ["december dec dezember dez", 12],
]);

export const NUMBERS = table([
  ["a an one ein eine einem einer einen eines", 1],
  ["two zwei couple", 2],
  ["three drei", 3],
  ["four vier", 4],
  ["five fünf", 5],
  ["six sechs", 6],
  ["seven sieben", 7],
  ["eight acht", 8],
  ["nine neun", 9],
  ["ten zehn", 10],
  ["eleven elf", 11],
  ["twelve zwölf", 12],
]);

export const ORDINALS = table([
  ["first ersten erste erster erstes", 1],
  ["second other zweiten zweite zweiter zweites", 2],
  ["third dritten dritte dritter drittes", 3],
  ["fourth vierten vierte vierter viertes", 4],
  ["last letzten letzte letzter letztes", -1],
]);

export type Unit = "minute" | "hour" | "day" | "week" | "month" | "quarter" | "year";

export const UNITS = table<Unit>([
  ["minute minutes min mins minuten", "minute"],
  ["hour hours stunde stunden std", "hour"],
  ["day days tag tage tagen tages", "day"],
  ["week weeks woche wochen", "week"],
  ["month months monat monate monaten monats", "month"],
  ["quarter quarters quartal quartale quartalen quartals", "quarter"],
  ["year years jahr jahre jahren jahres", "year"],
]);

/** How often, in a word. `apart`: an adjective as well, so only where no noun follows. */
export const OFTEN = table<{ unit: Unit; interval: number; apart: boolean }>([
  ["daily", { unit: "day", interval: 1, apart: true }],
  ["weekly", { unit: "week", interval: 1, apart: true }],
  ["fortnightly biweekly", { unit: "week", interval: 2, apart: true }],
  ["monthly", { unit: "month", interval: 1, apart: true }],
  ["quarterly", { unit: "quarter", interval: 1, apart: true }],
  ["yearly annually", { unit: "year", interval: 1, apart: true }],
  ["täglich", { unit: "day", interval: 1, apart: false }],
  ["wöchentlich", { unit: "week", interval: 1, apart: false }],
  ["vierzehntägig zweiwöchentlich", { unit: "week", interval: 2, apart: false }],
  ["monatlich", { unit: "month", interval: 1, apart: false }],
  ["vierteljährlich quartalsweise", { unit: "quarter", interval: 1, apart: false }],
  ["jährlich", { unit: "year", interval: 1, apart: false }],
]);
export const WORKDAYS = set(
  "weekday weekdays workday workdays werktag werktage werktagen arbeitstag arbeitstage arbeitstagen wochentag",
);
export const ON_WORKDAYS = set("werktags werktäglich wochentags arbeitstäglich");
export const EVERY = set("every each jeden jede jedes jeder jedem alle");
export const EVERY_OTHER = set("other");

export const PARTS = table([
  ["morning früh vormittag", { hour: 9, minute: 0 }],
  ["noon midday mittag", { hour: 12, minute: 0 }],
  ["afternoon nachmittag", { hour: 15, minute: 0 }],
  ["evening abend", { hour: 20, minute: 0 }],
  ["night nacht", { hour: 21, minute: 0 }],
]);
/** Times of day that stand for themselves. Midnight is the end of the day that it is said of. */
export const MOMENTS = table([
  ["noon midday mittags", { hour: 12, minute: 0 }],
  ["midnight mitternacht", { hour: 23, minute: 59 }],
  ["morgens frühmorgens vormittags", { hour: 9, minute: 0 }],
  ["nachmittags", { hour: 15, minute: 0 }],
  ["abends", { hour: 20, minute: 0 }],
  ["nachts", { hour: 21, minute: 0 }],
]);
/** Which half of the day they put an hour in. */
export const HALVES = table([
  ["morgens früh vormittags frühmorgens morning", "am" as const],
  ["nachmittags abends nachts afternoon evening night", "pm" as const],
]);

export const DATE_LEADS = set(
  "on by due until till for starting from am bis fällig spätestens ab für zum den the",
);
/** Who says so means when it is due, whatever other day is named. */
export const DUE_LEADS = set("by due until till bis fällig spätestens");
export const TIME_LEADS = set("at um gegen ab by bis around from von");
export const TO = set("to bis until till - –");
/** What is said of a day behind these is no date to do it by. */
export const NOT_AFTER = set(
  "of vom von last letzten letzter letzte letztes since seit before after vor nach guten good was previous vergangenen vorigen",
);
export const NEXT = set("next nächsten nächste nächster nächstes nächstem");
export const COMING = set(
  "this coming diesen diese dieser dieses diesem kommenden kommende kommender kommendes",
);
export const WEEKEND = set("weekend wochenende wochenendes");
export const BEGIN = set("beginning start anfang");
export const NOW = set("now today heute jetzt");
export const HALF = set("half halben");
export const END = set("end ende");
export const OF = set("of the this der des dieses dieser diesen vom");
export const OF_MONTH = set("of in im the a each every jeden jedes des month monat monats");
export const MONTH_END = set("monatsende eom");
export const YEAR_END = set("jahresende eoy");
export const WEEK_END = set("eow");
export const AND = set("and und &");
export const TIMES = set("times time mal x");

export type Named = "low" | "medium" | "high" | "urgent";
export const PRIORITY_WORDS = table<Named>([
  ["1 urgent dringend asap !! kritisch critical", "urgent"],
  ["2 high hoch important wichtig !", "high"],
  ["3 medium mittel normal med", "medium"],
  ["4 low niedrig gering", "low"],
]);
export const ME = set("me mich ich mir myself");
