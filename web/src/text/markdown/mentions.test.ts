import { describe, expect, test } from "vitest";
import { mentionOf, Names, suggestions, typing } from "./mentions";

const PEOPLE = [
  { user_id: "ada", name: "Ada Lovelace", email: "ada@example.com" },
  { user_id: "charles", name: "Charles Babbage", email: "cb@example.com" },
  { user_id: "muller", name: "Jörg Müller-Lüdenscheidt", email: null },
  { user_id: "twin1", name: "Sam Smith", email: "sam1@example.com" },
  { user_id: "twin2", name: "Sam Smith", email: "sam2@example.com" },
  { user_id: "comma", name: "Hopper, Grace (Rear Admiral)", email: null },
  { user_id: "strasse", name: "Anna Groß", email: null },
];
const names = new Names(PEOPLE);
const who = (text: string) => names.in(text).map(({ start, end }) => text.slice(start, end));

describe("who is meant", () => {
  test.each([
    ["@Ada Lovelace, please", ["@Ada Lovelace"]],
    ["(@ada) and @AdaLovelace.", ["@ada", "@AdaLovelace"]],
    ["ask @Charles about it", ["@Charles"]],
    ["@Ada's engine", ["@Ada"]],
    ['@"Ada  Lovelace" @„Anna Gross“', ['@"Ada  Lovelace"', "@„Anna Gross“"]],
    [
      "@Jo\u0308rg Mu\u0308ller-Lu\u0308denscheidt!",
      ["@Jo\u0308rg Mu\u0308ller-Lu\u0308denscheidt"],
    ],
    ["@Sam Smith @sam2 @sam1@example.com", ["@sam2", "@sam1@example.com"]],
    ["mail ada@example.com, x@ada", []],
    ["@Ada\nLovelace", ["@Ada"]],
    ["@@ada @ ada", []],
  ])("%s", (text, expected) => expect(who(text)).toEqual(expected));

  test("many at once end", () => {
    expect(names.in("@ada ".repeat(13_000))).toHaveLength(200);
  });
});

describe("what is inserted", () => {
  test.each([
    ["ada", "@Ada Lovelace"],
    ["twin1", "@sam1@example.com"],
    ["comma", '@"Hopper, Grace (Rear Admiral)"'],
    ["muller", "@Jörg Müller-Lüdenscheidt"],
  ])("%s: %s", (id, text) => {
    const person = PEOPLE.find((one) => one.user_id === id) as (typeof PEOPLE)[number];
    expect(mentionOf(person, names)).toBe(text);
    expect(names.in(`so ${text} does`)[0]?.userId).toBe(id);
  });

  test("two alike without an address cannot be told apart", () => {
    const alike = ["1", "2"].map((user_id) => ({ user_id, name: "Sam Smith", email: null }));
    const [first] = alike;
    expect(first && mentionOf(first, new Names(alike))).toBeNull();
  });
});

test.each([
  ["hello @ad", { start: 6, query: "ad" }],
  ["@", { start: 0, query: "" }],
  ['@"Ada Lo', { start: 0, query: "Ada Lo" }],
  ["@Ada Lo", { start: 0, query: "Ada Lo" }],
  ["mail@ad", null],
  ["@ada\nx", null],
  ["@ ", null],
])("typing %j", (text, expected) => expect(typing(text, text.length)).toEqual(expected));

test("suggestions: beginnings before words before addresses", () => {
  expect(suggestions("a", PEOPLE).map((one) => one.user_id)).toEqual(["ada", "strasse", "comma"]);
  expect(suggestions("love", PEOPLE).map((one) => one.user_id)).toEqual(["ada"]);
  expect(suggestions("CB@", PEOPLE).map((one) => one.user_id)).toEqual(["charles"]);
  expect(suggestions("dmiral", PEOPLE)).toEqual([]);
});
