import { expect, it } from "vitest";

type Words = { [key: string]: string | Words };
const files = import.meta.glob<Words>("./*/*.json", { eager: true, import: "default" });

/** All texts of a language by namespace and key. */
function texts(language: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (words: Words, path: string) => {
    for (const [key, value] of Object.entries(words)) {
      if (typeof value === "string") found.set(`${path}${key}`, value);
      else walk(value, `${path}${key}.`);
    }
  };
  for (const [file, words] of Object.entries(files)) {
    const [, of, name] = /^\.\/(\w+)\/(.+)\.json$/.exec(file) ?? [];
    if (of === language) walk(words, `${name}:`);
  }
  return found;
}

const en = texts("en");
const de = texts("de");
const placeholders = (text = "") =>
  [...new Set([...text.matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name))].sort();

it("finds texts at all", () => {
  expect(en.size).toBeGreaterThan(500);
});

it("has the same keys in every language", () => {
  expect([...en.keys()].filter((key) => !de.has(key))).toEqual([]);
  expect([...de.keys()].filter((key) => !en.has(key))).toEqual([]);
});

it("has the same placeholders in every language", () => {
  // One is said without a figure where a language likes that better.
  const free = (key: string) => key.endsWith("_one");
  const of = (text: string | undefined, key: string) =>
    placeholders(text).filter((name) => !free(key) || name !== "count");
  const unlike = [...en].filter(
    ([key, text]) => String(of(text, key)) !== String(of(de.get(key), key)),
  );
  expect(unlike.map(([key]) => key)).toEqual([]);
});

it("has every plural form", () => {
  for (const words of [en, de]) {
    const keys = [...words.keys()];
    const alone = keys.filter(
      (key) =>
        (key.endsWith("_one") && !words.has(key.replace(/_one$/, "_other"))) ||
        (key.endsWith("_other") && !words.has(key.replace(/_other$/, "_one"))),
    );
    expect(alone).toEqual([]);
  }
});

it("has no empty text, and no text in two languages alike that is a sentence", () => {
  expect([...en, ...de].filter(([, text]) => text.trim() === "")).toEqual([]);
  const sentences = [...en].filter(([, text]) => text.split(/\s+/).length > 3);
  expect(sentences.filter(([key, text]) => de.get(key) === text)).toEqual([]);
});
