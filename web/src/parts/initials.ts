const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const first = (word: string): string => {
  for (const { segment } of segmenter.segment(word)) return segment;
  return "";
};

const NUMBERED = /^\p{L}\S*[-_.](\d+)$/u;

/**
 * The first letters of a name's first and last word; of `user-115` the number, which is what it is
 * known by; of a name that has none, a question mark.
 */
export function initials(name: string): string {
  const number = NUMBERED.exec(name.trim())?.[1];
  if (number !== undefined) return number.slice(-3);
  const words = name
    .replace(/\(.*?\)/g, " ")
    .split(/[\s\u00a0]+/u)
    .map((word) => word.replace(/^[^\p{L}\p{N}\p{Extended_Pictographic}]+/u, ""))
    .filter(Boolean);
  const [begin = ""] = words;
  const end = words.length > 1 ? (words.at(-1) ?? "") : "";
  return (first(begin) + first(end)).toLocaleUpperCase() || "?";
}
