import { describe, expect, it } from "vitest";
import { tell } from "./examples";

const de = { language: "de" };
const gb = { language: "en-GB" };

describe("in either language, whatever that of the application is", () => {
  it.each([
    // Days
    ["Buy milk today", "Buy milk | 2026-11-18"],
    ["Milch heute", "Milch | 2026-11-18"],
    ["Buy milk tomorrow", "Buy milk | 2026-11-19"],
    ["morgen Zahnarzt", "Zahnarzt | 2026-11-19"],
    ["Übermorgen Auto waschen", "Auto waschen | 2026-11-20"],
    ["uebermorgen Auto", "Auto | 2026-11-20"],
    ["Car wash the day after tomorrow", "Car wash | 2026-11-20"],
    ["day after tomorrow: car", "car | 2026-11-20"],
    ["Call Bob on Friday", "Call Bob | 2026-11-20"],
    ["Am Freitag Bob anrufen", "Bob anrufen | 2026-11-20"],
    ["call bob friday", "call bob | 2026-11-20"],
    // Today's own day means the next one.
    ["Report wednesday", "Report | 2026-11-25"],
    ["Report this wednesday", "Report | 2026-11-18"],
    ["next monday plan", "plan | 2026-11-23"],
    ["nächsten Montag planen", "planen | 2026-11-23"],
    ["naechsten Freitag planen", "planen | 2026-11-27"],
    ["next friday plan", "plan | 2026-11-27"],
    ["kommenden Freitag planen", "planen | 2026-11-20"],
    ["diesen Sonntag ruhen", "ruhen | 2026-11-22"],
    ["bis nächsten Dienstag liefern", "liefern | 2026-11-24"],
    ["Ship next week", "Ship | 2026-11-23"],
    ["nächste Woche liefern", "liefern | 2026-11-23"],
    ["nächsten Monat zahlen", "zahlen | 2026-12-01"],
    ["pay next year", "pay | 2027-01-01"],
    ["finish this week", "finish | 2026-11-20"],
    ["diese Woche fertig werden", "fertig werden | 2026-11-20"],
    ["am Wochenende streichen", "streichen | 2026-11-21"],
    ["paint on the weekend", "paint | 2026-11-21"],
    ["paint this weekend", "paint | 2026-11-21"],
    ["in 3 days call", "call | 2026-11-21"],
    ["in 3 Tagen anrufen", "anrufen | 2026-11-21"],
    ["in 2 Wochen anrufen", "anrufen | 2026-12-02"],
    ["Meet in a week", "Meet | 2026-11-25"],
    ["Meet a week from today", "Meet | 2026-11-25"],
    ["Treffen heute in einer Woche", "Treffen | 2026-11-25"],
    ["Tea in half an hour", "Tea | 2026-11-18T10:30"],
    ["Tee in einer halben Stunde", "Tee | 2026-11-18T10:30"],
    ["Plan Tuesday next week", "Plan | 2026-11-24"],
    ["Plan next week on Tuesday", "Plan | 2026-11-24"],
    ["Plan Dienstag nächster Woche", "Plan | 2026-11-24"],
    ["Anfang nächster Woche planen", "planen | 2026-11-23"],
    ["Pay beginning of next month", "Pay | 2026-12-01"],
    ["Abgabe bis spätestens Freitag", "Abgabe | 2026-11-20"],
    ["Report for the friday meeting", "Report for the meeting | 2026-11-20"],
    ["Treffen in einer Woche", "Treffen | 2026-11-25"],
    ["Visa in drei Monaten", "Visa | 2027-02-18"],
    ["Check in in two months", "Check in | 2027-01-18"],
    ["Tea in 5 minutes", "Tea | 2026-11-18T10:05"],
    ["Wäsche in 2 Stunden", "Wäsche | 2026-11-18T12:00"],
    ["Pay rent end of month", "Pay rent | 2026-11-30"],
    ["Miete Monatsende", "Miete | 2026-11-30"],
    ["Miete am Monatsende", "Miete | 2026-11-30"],
    ["Miete zum Ende des Monats", "Miete | 2026-11-30"],
    ["Miete Ende nächsten Monats", "Miete | 2026-12-31"],
    ["Report by the end of the week", "Report | 2026-11-20"],
    ["Bericht bis Ende der Woche", "Bericht | 2026-11-20"],
    ["Steuer bis Jahresende", "Steuer | 2026-12-31"],
    ["Taxes by end of next year", "Taxes | 2027-12-31"],
    // Dates
    ["Gifts 24.12.", "Gifts | 2026-12-24"],
    ["Geschenke 24.12.2026", "Geschenke | 2026-12-24"],
    ["Geschenke 24.12.26", "Geschenke | 2026-12-24"],
    ["Geschenke 24.12. 2027 kaufen", "Geschenke kaufen | 2027-12-24"],
    ["Geschenke am 24.12 kaufen", "Geschenke kaufen | 2026-12-24"],
    ["Gifts 2026-12-24", "Gifts | 2026-12-24"],
    ["Gifts Dec 24", "Gifts | 2026-12-24"],
    ["Gifts Dec 24, 2027 wrap", "Gifts wrap | 2027-12-24"],
    ["Gifts on December 24th", "Gifts | 2026-12-24"],
    ["Gifts 24 Dec", "Gifts | 2026-12-24"],
    ["Gifts on the 24th of December", "Gifts | 2026-12-24"],
    ["Geschenke 24. Dezember", "Geschenke | 2026-12-24"],
    ["Geschenke am 24. Dez. kaufen", "Geschenke kaufen | 2026-12-24"],
    ["3. März 2027 Termin", "Termin | 2027-03-03"],
    ["Termin 1. Jänner", "Termin | 2027-01-01"],
    // What has passed this year is next year's.
    ["Ostern 5.4. backen", "Ostern backen | 2027-04-05"],
    ["Heute ist 18.11.", "Heute ist | 2026-11-18"],
    ["Leap 29.2. party", "Leap party | 2028-02-29"],
    ["Rent on the 1st", "Rent | 2026-12-01"],
    ["Miete am 1. zahlen", "Miete zahlen | 2026-12-01"],
    ["Treffen am 31. planen", "Treffen planen | 2026-12-31"],
    ["Gifts 12/24/2026", "Gifts | 2026-12-24"],
    ["Gifts 24/12/2026", "Gifts | 2026-12-24"],
    ["Thursday, 24 December: goose", "goose | 2026-12-24"],
    ["Gans Donnerstag, 24.12.", "Gans | 2026-12-24"],
    // Times
    ["Call at 5pm", "Call | 2026-11-18T17:00"],
    ["Call 5 pm", "Call | 2026-11-18T17:00"],
    ["Call at 5", "Call | 2026-11-18T17:00"],
    ["Call at 9 am", "Call | 2026-11-19T09:00"],
    ["Call 17:00", "Call | 2026-11-18T17:00"],
    ["Anruf um 17 Uhr", "Anruf | 2026-11-18T17:00"],
    ["Anruf 17 Uhr 30", "Anruf | 2026-11-18T17:30"],
    ["Anruf 17.30 Uhr", "Anruf | 2026-11-18T17:30"],
    ["Anruf um 17", "Anruf | 2026-11-18T17:00"],
    ["Anruf um halb neun", "Anruf | 2026-11-19T08:30"],
    ["Anruf um 8 abends", "Anruf | 2026-11-18T20:00"],
    ["Call at 8 in the evening", "Call | 2026-11-18T20:00"],
    ["Lunch at noon", "Lunch | 2026-11-18T12:00"],
    ["Essen mittags", "Essen | 2026-11-18T12:00"],
    ["Call tomorrow at 5:30pm", "Call | 2026-11-19T17:30"],
    ["Call tomorrow 14:00 Bob", "Call Bob | 2026-11-19T14:00"],
    ["morgen um 9 Bob anrufen", "Bob anrufen | 2026-11-19T09:00"],
    ["tomorrow at 5 call Bob", "call Bob | 2026-11-19T17:00"],
    ["Freitag, 13h Kino", "Kino | 2026-11-20T13:00"],
    ["Meet Jo tomorrow from 3pm to 5pm", "Meet Jo | 2026-11-19T15:00"],
    ["Treffen morgen von 14:00 bis 16:00 Uhr", "Treffen | 2026-11-19T14:00"],
    ["morgen um 9 Uhr Bob anrufen", "Bob anrufen | 2026-11-19T09:00"],
    ["Call at 9am tomorrow", "Call | 2026-11-19T09:00"],
    ["Call at 9 tomorrow", "Call | 2026-11-19T09:00"],
    ["tomorrow morning run", "run | 2026-11-19T09:00"],
    ["morgen früh laufen", "laufen | 2026-11-19T09:00"],
    ["morgen Abend Kino", "Kino | 2026-11-19T20:00"],
    ["Freitag Nachmittag Kino", "Kino | 2026-11-20T15:00"],
    ["heute Abend Kino", "Kino | 2026-11-18T20:00"],
    ["Cinema tonight", "Cinema | 2026-11-18T20:00"],
    ["Cinema this evening", "Cinema | 2026-11-18T20:00"],
    ["Am Morgen laufen", "laufen | 2026-11-19T09:00"],
    ["Run in the morning", "Run | 2026-11-19T09:00"],
    ["Kapitel 5 am Montag lesen", "Kapitel 5 lesen | 2026-11-23"],
    ["Call 5 am Friday", "Call | 2026-11-20T05:00"],
    ["Backup heute Mitternacht", "Backup | 2026-11-18"],
  ])("%s", (text, expected) => {
    for (const language of ["en-US", "en-GB", "de"]) {
      expect(tell(text, { language }).replace(/^ \| /, "| "), language).toBe(expected);
    }
  });
});

describe("how often", () => {
  it.each([
    ["Plan every monday", "Plan | 2026-11-23 | WEEKLY;BYDAY=MO"],
    ["jeden Montag planen", "planen | 2026-11-23 | WEEKLY;BYDAY=MO"],
    // Today is one of them.
    ["Plan every wednesday", "Plan | 2026-11-18 | WEEKLY;BYDAY=WE"],
    ["Plan every wednesday at 9am", "Plan | 2026-11-25T09:00 | WEEKLY;BYDAY=WE"],
    ["Plan every monday and thursday", "Plan | 2026-11-19 | WEEKLY;BYDAY=MO,TH"],
    ["Gym every mon, wed, fri", "Gym | 2026-11-18 | WEEKLY;BYDAY=MO,WE,FR"],
    ["Sport jeden Mo, Mi und Fr um 18:00", "Sport | 2026-11-18T18:00 | WEEKLY;BYDAY=MO,WE,FR"],
    ["täglich Blumen gießen", "Blumen gießen | 2026-11-18 | DAILY"],
    ["Blumen taeglich um 8 Uhr", "Blumen | 2026-11-19T08:00 | DAILY"],
    ["Water plants daily", "Water plants | 2026-11-18 | DAILY"],
    ["Water plants every day at 8:00", "Water plants | 2026-11-19T08:00 | DAILY"],
    ["Plants every 3 days", "Plants | 2026-11-18 | DAILY;INTERVAL=3"],
    ["Blumen alle 3 Tage", "Blumen | 2026-11-18 | DAILY;INTERVAL=3"],
    ["Blumen alle drei Tage", "Blumen | 2026-11-18 | DAILY;INTERVAL=3"],
    ["Sync every 2 weeks", "Sync | 2026-11-18 | WEEKLY;INTERVAL=2"],
    ["Sync every other week", "Sync | 2026-11-18 | WEEKLY;INTERVAL=2"],
    ["Sync alle zwei Wochen", "Sync | 2026-11-18 | WEEKLY;INTERVAL=2"],
    ["Sync jede zweite Woche", "Sync | 2026-11-18 | WEEKLY;INTERVAL=2"],
    ["Sync every 2 weeks on friday", "Sync | 2026-11-20 | WEEKLY;INTERVAL=2;BYDAY=FR"],
    ["Sync every other monday", "Sync | 2026-11-23 | WEEKLY;INTERVAL=2;BYDAY=MO"],
    ["Miete monatlich", "Miete | 2026-11-18 | MONTHLY"],
    ["Rent monthly on the 1st", "Rent | 2026-12-01 | MONTHLY;BYMONTHDAY=1"],
    ["Miete monatlich am 15. zahlen", "Miete zahlen | 2026-12-15 | MONTHLY;BYMONTHDAY=15"],
    ["Rent every month on the 15th", "Rent | 2026-12-15 | MONTHLY;BYMONTHDAY=15"],
    ["Rent every 15th of the month", "Rent | 2026-12-15 | MONTHLY;BYMONTHDAY=15"],
    ["Miete jeden 15. zahlen", "Miete zahlen | 2026-12-15 | MONTHLY;BYMONTHDAY=15"],
    ["Miete jeden 15. im Monat", "Miete | 2026-12-15 | MONTHLY;BYMONTHDAY=15"],
    ["Abschluss jedes Monatsende", "Abschluss | 2026-11-30 | MONTHLY;BYMONTHDAY=-1"],
    ["Books every last day of the month", "Books | 2026-11-30 | MONTHLY;BYMONTHDAY=-1"],
    ["Club every first monday of the month", "Club | 2026-12-07 | MONTHLY;BYDAY=1MO"],
    ["Stammtisch jeden ersten Montag im Monat", "Stammtisch | 2026-12-07 | MONTHLY;BYDAY=1MO"],
    ["Club every 2nd tuesday of the month", "Club | 2026-12-08 | MONTHLY;BYDAY=2TU"],
    ["Club every last friday", "Club | 2026-11-27 | MONTHLY;BYDAY=-1FR"],
    [
      "Lohn jeden letzten Werktag im Monat",
      "Lohn | 2026-11-30 | MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    ],
    ["Standup every weekday at 11:15", "Standup | 2026-11-18T11:15 | WEEKLY;BYDAY=MO,TU,WE,TH,FR"],
    ["Standup werktags um 9 Uhr", "Standup | 2026-11-19T09:00 | WEEKLY;BYDAY=MO,TU,WE,TH,FR"],
    ["montags Müll rausbringen", "Müll rausbringen | 2026-11-23 | WEEKLY;BYDAY=MO"],
    ["Trash on mondays", "Trash | 2026-11-23 | WEEKLY;BYDAY=MO"],
    ["Run every morning", "Run | 2026-11-19T09:00 | DAILY"],
    ["Laufen jeden Abend", "Laufen | 2026-11-18T20:00 | DAILY"],
    ["Taxes every year", "Taxes | 2026-11-18 | YEARLY"],
    ["Steuer jährlich am 31. Mai", "Steuer | 2027-05-31 | YEARLY;BYMONTH=5;BYMONTHDAY=31"],
    ["Mom every Dec 24", "Mom | 2026-12-24 | YEARLY;BYMONTH=12;BYMONTHDAY=24"],
    ["Mama jeden 24.12. anrufen", "Mama anrufen | 2026-12-24 | YEARLY;BYMONTH=12;BYMONTHDAY=24"],
    ["Report quarterly", "Report | 2026-11-18 | MONTHLY;INTERVAL=3"],
    ["Bericht jedes Quartal", "Bericht | 2026-11-18 | MONTHLY;INTERVAL=3"],
    ["Plants every 3 days starting tomorrow", "Plants | 2026-11-19 | DAILY;INTERVAL=3"],
    ["jeden Montag ab 1.12. planen", "planen | 2026-12-07 | WEEKLY;BYDAY=MO"],
    ["Pills daily until 24.12.", "Pills | 2026-11-18 | DAILY;UNTIL=20261224"],
    ["Tabletten täglich bis 24.12. nehmen", "Tabletten nehmen | 2026-11-18 | DAILY;UNTIL=20261224"],
    ["Class every monday for 5 times", "Class | 2026-11-23 | WEEKLY;BYDAY=MO;COUNT=5"],
  ])("%s", (text, expected) => {
    expect(tell(text)).toBe(expected);
    expect(tell(text, de)).toBe(expected);
  });
});

describe("which the language decides", () => {
  it.each([
    ["Gifts 12/10", {}, "Gifts | 2026-12-10"],
    ["Gifts 12/10", gb, "Gifts | 2027-10-12"],
    ["Gifts 12/24", {}, "Gifts | 2026-12-24"],
    ["Gifts 12/24", gb, "Gifts | 2026-12-24"],
    ["Gifts 12/24", de, "Gifts | 2026-12-24"],
    ["Gifts 3/4/2027", {}, "Gifts | 2027-03-04"],
    ["Gifts 3/4/2027", de, "Gifts | 2027-04-03"],
    ["Pay on 1/2", {}, "Pay | 2027-01-02"],
    ["Pay on 1/2", gb, "Pay | 2027-02-01"],
    ["Do laundry", {}, "Do laundry"],
    ["Do Wäsche", de, "Do Wäsche"],
    ["Wäsche Do", de, "Wäsche | 2026-11-19"],
    ["Do. Wäsche", de, "Wäsche | 2026-11-19"],
    ["Wäsche bis Do waschen", de, "Wäsche waschen | 2026-11-19"],
    ["do it", de, "do it"],
    ["So schnell wie möglich", de, "So schnell wie möglich"],
    ["Essen am So", de, "Essen | 2026-11-22"],
    ["Call fri", {}, "Call | 2026-11-20"],
    ["Call mon 9:30", {}, "Call | 2026-11-23T09:30"],
    ["Walk in the sun", {}, "Walk in the sun"],
    ["Walk Sun", {}, "Walk | 2026-11-22"],
    ["Sun lotion", {}, "Sun lotion"],
    ["Buy Sun lotion", {}, "Buy Sun lotion"],
    ["Sun, sea and sand", {}, "Sun, sea and sand"],
    ["Wed Ada and Bob", {}, "Wed Ada and Bob"],
    ["Lotion by Sun for Ada", {}, "Lotion for Ada | 2026-11-22"],
    ["Fri: lotion", {}, "lotion | 2026-11-20"],
    ["Fri at 5 lotion", {}, "lotion | 2026-11-20T17:00"],
    ["Fri morning lotion", {}, "lotion | 2026-11-20T09:00"],
    ["Lotion Fri #apollo", {}, "Lotion | 2026-11-20 | #apollo"],
    ["He sat down", {}, "He sat down"],
    ["Mr. Mon", de, "Mr. Mon"],
    ["Mo. 9:00 Treffen", de, "Treffen | 2026-11-23T09:00"],
  ])("%s %o", (text, more, expected) => {
    expect(tell(text, more)).toBe(expected);
  });
});

describe("signs", () => {
  it.each([
    ["Fix !high", "Fix | !high"],
    ["Fix !hoch", "Fix | !high"],
    ["Fix !!!", "Fix | !urgent"],
    ["Fix !! now", "Fix now | !high"],
    ["Fix !1", "Fix | !urgent"],
    ["Fix !4 it", "Fix it | !low"],
    ["!dringend Server", "Server | !urgent"],
    ["Fix !mittel", "Fix | !medium"],
    ["Fix !NIEDRIG, bald", "Fix, bald | !low"],
    ["Wow! Nice!!!", "Wow! Nice!!!"],
    ["Fix #apollo", "Fix | #apollo"],
    ["Fix #Apollo 11 engine", "Fix engine | #apollo11"],
    ["Fix #apollo-11", "Fix | #apollo11"],
    ["Fix #big", "Fix | #launch"],
    ["Fix #Big launch today", "Fix | 2026-11-18 | #launch"],
    ['Fix #"big launch"', "Fix | #launch"],
    ["Fix #“Big launch” now", "Fix now | #launch"],
    ["Kisten #umzug-&-kueche", "Kisten | #umzug"],
    ["See #123", "See #123"],
    ["See #2026", "See #2026"],
    ['See #"2026"', "See | #2026"],
    ["Fix #old", "Fix #old"],
    ["Fix #nosuch thing", "Fix #nosuch thing"],
    ["Learn C# and F#", "Learn C# and F#"],
    ["Call @ada", "Call | @ada"],
    ["Call @Ada Lovelace, please", "Call, please | @ada"],
    ["Call @lovel", "Call | @ada"],
    ["Call @ada@example.com", "Call | @ada"],
    ["Call @anna", "Call @anna"],
    ["Call @Anna Schulz", "Call | @anna2"],
    ["Call @a.schulz", "Call | @anna2"],
    ["Ruf an @Jürgen", "Ruf an | @jurgen"],
    ["Ruf an @juergen gross", "Ruf an | @jurgen"],
    ["Pay @me", "Pay | @me"],
    ["Zahlen @mich", "Zahlen | @me"],
    ["Call @gone", "Call @gone"],
    ["Fix +bug", "Fix | +bug"],
    ["Fix +Bug +urgent stuff", "Fix | +bug | +urgent"],
    ["Fix +newone", "Fix | +new newone"],
    ['Fix +"two words"', "Fix | +new two words"],
    ["Fix +neu +Neu", "Fix | +new neu"],
    ["Fix +🎉", "Fix | +new 🎉"],
    ["What is 5 + 3", "What is 5 + 3"],
    ["Ring +49 170 1234567", "Ring +49 170 1234567"],
    ["Learn C++", "Learn C++"],
    // The last one counts, those before stay words.
    ["Fix !high !low", "Fix !high | !low"],
    ["Fix #apollo #big", "Fix #apollo | #launch"],
    [
      "Ada !hoch @ada #big +bug morgen 14:00",
      "Ada | 2026-11-19T14:00 | !high | #launch | @ada | +bug",
    ],
  ])("%s", (text, expected) => {
    expect(tell(text)).toBe(expected);
    expect(tell(text, de)).toBe(expected);
  });
});

describe("what stays as it was typed", () => {
  it.each([
    'Watch "Tomorrow never dies"',
    "Lies „Heute ist Montag“ vor",
    'Say "call me friday please" twice',
    "Sag „bis morgen dann“ leise",
    "Read «next friday» twice",
    "Run `every monday` once",
    "Mail ada@example.com",
    "See https://example.com/today/17:00?x=#big",
    "www.tomorrow.com",
    "Release v1.2.3",
    "Set 192.168.1.1 up",
    "Pi is 3.14",
    "1/2 litre of milk",
    "Support 24/7",
    "Read page 3/12",
    "Odds 50/50",
    "Guten Morgen sagen",
    "Minutes of monday",
    "Protokoll vom Montag",
    "What happened last friday",
    "Vor Montag fertig",
    "Today's news",
    "montag-meeting",
    "tomorrow/today",
    "Weekly report",
    "Daily standup notes",
    "May the force",
    "March on",
    "Second try",
    "The friday-night plan",
    "Anna am Apparat",
    "I am 5 years old",
    "Walk 8h",
    "1:10000 map",
    "At 5 Elm Street",
    "31.2. ist kein Tag",
    "25:00 too late",
    "13pm",
    "all every jeden",
    "in 3",
    "in days",
    "! # @ +",
    "!!!!!",
    "#",
    "C:\\temp\\today.txt",
    "\\\\server\\share",
    '5" screen and 3" pipe',
    "#define @media +=",
  ])("%s", (text) => {
    for (const language of ["en-US", "de"]) expect(tell(text, { language })).toBe(text);
  });
});

describe("a backslash", () => {
  it.each([
    ["\\tomorrow never dies", "tomorrow never dies"],
    ["Fix \\#apollo", "Fix #apollo"],
    ["Tell \\@ada today", "Tell @ada | 2026-11-18"],
    ["a \\+bug", "a +bug"],
    ["\\!high !low", "!high | !low"],
    ["\\every monday friday", "every monday | 2026-11-20"],
    ["Fix \\#nosuch", "Fix #nosuch"],
    ["a\\b \\n \\d+", "a\\b \\n \\d+"],
  ])("%s", (text, expected) => {
    expect(tell(text)).toBe(expected);
  });
});

describe("what is left is tidy", () => {
  it.each([
    ["Call Bob, tomorrow", "Call Bob | 2026-11-19"],
    ["Call Bob tomorrow.", "Call Bob. | 2026-11-19"],
    ["Call Bob tomorrow!", "Call Bob! | 2026-11-19"],
    ["Call Bob (tomorrow)", "Call Bob | 2026-11-19"],
    ["Call (tomorrow) Bob", "Call Bob | 2026-11-19"],
    ["tomorrow - call Bob", "call Bob | 2026-11-19"],
    ["  Call \t tomorrow   Bob ", "Call Bob | 2026-11-19"],
    ["Call Bob tomorrow\nand Ann today", "Call Bob | 2026-11-19"],
    ["\ntomorrow", ""],
    ["tomorrow", "| 2026-11-19"],
    ["", ""],
    ["   ", ""],
  ])("%j", (text, expected) => {
    expect(tell(text).replace(/^ \| /, "| ")).toBe(expected);
  });
});

describe("what is said of today is not overdue at once", () => {
  // 20:30 in Berlin.
  const late = { now: Date.parse("2026-11-18T19:30:00Z") };
  it.each([
    ["Cinema tonight", "Cinema | 2026-11-18"],
    ["Kino heute Abend", "Kino | 2026-11-18"],
    ["Run this morning", "Run | 2026-11-18"],
    ["Cinema tonight at 9pm", "Cinema | 2026-11-18T21:00"],
    ["Cinema tomorrow evening", "Cinema | 2026-11-19T20:00"],
  ])("%s", (text, expected) => {
    for (const language of ["en-US", "de"])
      expect(tell(text, { ...late, language })).toBe(expected);
  });
});

describe("of two dates", () => {
  it("the last counts", () => {
    expect(tell("Fix monday bug tomorrow")).toBe("Fix monday bug | 2026-11-19");
  });

  it("the one that is said to be due", () => {
    expect(tell("Pay by friday for monday")).toBe("Pay for monday | 2026-11-20");
    expect(tell("fällig am 1.12. Rechnung heute")).toBe("Rechnung heute | 2026-12-01");
  });
});
