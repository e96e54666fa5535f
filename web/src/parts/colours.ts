/** Colours that can be read. */

type Rgb = readonly [number, number, number];

const HEX = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i;

export function rgb(hex: string): Rgb | null {
  const found = HEX.exec(hex);
  if (found === null) return null;
  const [red = 0, green = 0, blue = 0] = found.slice(1).map((part) => Number.parseInt(part, 16));
  return [red, green, blue];
}

/** Relative luminance (WCAG 2.2), 0 for black to 1 for white. */
export function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours (WCAG 2.2), 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [rgb(one), rgb(other)].map((colour) => luminance(colour ?? [0, 0, 0])) as [
    number,
    number,
  ];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Black or white, whichever reads better on a colour: 4.5 at least, whatever the colour is. */
export const readableOn = (background: string): "#000000" | "#ffffff" =>
  contrast(background, "#000000") >= contrast(background, "#ffffff") ? "#000000" : "#ffffff";

// White on each of them has a contrast of 5 and more.
export const PEOPLE_COLOURS = [
  "#1c5d99",
  "#0b6e4f",
  "#8f3b1b",
  "#6a3fa0",
  "#a4133c",
  "#0b6070",
  "#7a5200",
  "#44518f",
  "#3f6212",
  "#9d174d",
  "#54606e",
  "#86198f",
] as const;

/** Always the same of a person. */
export function colourOf(id: string): string {
  let hash = 0;
  for (const character of id) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return PEOPLE_COLOURS[Math.abs(hash) % PEOPLE_COLOURS.length] ?? PEOPLE_COLOURS[0];
}
