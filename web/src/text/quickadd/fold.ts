/** Words as they are compared: without case, accents and composition. */

const ASCII = /^[\x20-\x7e]*$/;

export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/ß/g, "ss");
}

/** The same where people type ae for ä. */
export const foldGerman = (text: string): string =>
  fold(text.normalize("NFC").replace(/[äöüÄÖÜ]/g, (letter) => `${fold(letter)}e`));

/** A name as it is compared: hyphens and underscores are spaces, which a `#word` has none of. */
export const foldName = (name: string): string =>
  fold(name)
    .replace(/[\s_-]+/g, " ")
    .trim();
