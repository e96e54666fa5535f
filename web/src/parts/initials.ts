const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const first = (word: string): string => {
  for (const { segment } of segmenter.segment(word)) return segment;
  return "";
};

/** The first letters of a name's first and last word; of one that has none, a question mark. */
export function initials(name: string): string {
  const words = name
    .replace(/\(.*?\)/g, " ")
    .split(/[\s\u00a0]+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ""))
    .filter(Boolean);
  const [begin = ""] = words;
  const end = words.length > 1 ? (words.at(-1) ?? "") : "";
  return (first(begin) + first(end)).toLocaleUpperCase() || "?";
}
