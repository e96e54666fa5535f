/** Markdown without its marks, for where a few words of it are shown. */

const MARKS: readonly (readonly [RegExp, string])[] = [
  [/^[ \t]*(?:```|~~~)[^\n]*$/gm, ""],
  [/^[ \t]*(?:#{1,6}|>|[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/gm, ""],
  [/!?\[([^\]\n]*)\]\([^)\n]*\)/g, "$1"],
  [/\*\*|__|~~|`/g, ""],
  [/(^|[\s(])([*_])(\S(?:[^*_\n]*\S)?)\2(?=$|[\s).,;:!?])/gm, "$1$3"],
];

/** The words of a text; in doubt a mark stays. */
export const plain = (markdown: string): string =>
  MARKS.reduce((text, [mark, words]) => text.replace(mark, words), markdown);
