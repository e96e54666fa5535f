/** Titles are short: 200 characters, counted as the server counts them. */

export const TITLE_MAX = 200;
const DESCRIPTION_MAX = 65_536;

/** How many characters a title has too many. */
export const tooMany = (title: string): number => Math.max(0, [...title.trim()].length - TITLE_MAX);

/** What no title holds goes into the description whole, so that nothing is lost. */
export function titled(text: string): { title: string; description?: string } {
  const letters = [...text];
  if (letters.length <= TITLE_MAX) return { title: text };
  return {
    title: `${cut(letters)}…`,
    description: letters.slice(0, DESCRIPTION_MAX).join(""),
  };
}

/** As many whole words as a title takes, at least half of what it would hold. */
function cut(letters: readonly string[]): string {
  const text = letters.slice(0, TITLE_MAX - 1).join("");
  const space = text.lastIndexOf(" ");
  return (space > text.length / 2 ? text.slice(0, space) : text).trimEnd();
}
