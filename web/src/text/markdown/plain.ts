/** Markdown without its marks, for where a few words of it are shown. */

// Bounded, so that no text takes time in proportion to the square of its length.
const MARKS: readonly (readonly [RegExp, string])[] = [
  [/^[ \t]*(?:```|~~~)[^\n]*$/gm, ""],
  [/^[ \t]*(?:#{1,6}|>|[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?/gm, ""],
  [/!?\[([^[\]\n]{0,500})\]\([^()\n]{0,2000}\)/g, "$1"],
  [/\*\*|__|~~|`/g, ""],
  [/(^|[\s(])([*_])(\S(?:[^*_\n]{0,500}\S)?)\2(?=$|[\s).,;:!?])/gm, "$1$3"],
];

/** The words of a text; in doubt a mark stays. */
export const plain = (markdown: string): string =>
  MARKS.reduce((text, [mark, words]) => text.replace(mark, words), markdown);
