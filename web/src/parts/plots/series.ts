/** What is drawn in a plot: told apart by dashes and patterns too, not by colour alone. */

export type Tone = "first" | "second" | "third" | "fourth";
export type Pattern = "plain" | "stripes" | "dots" | "cross";

export type Series = {
  /** The key of its values in the rows. */
  name: string;
  label: string;
  tone: Tone;
  /** Of its line; none for one that is drawn through. */
  dash?: string;
  /** Of its area. */
  pattern?: Pattern;
};

/** One point of all series; `label` says where it is. */
export type Row = { label: string } & Readonly<Record<string, string | number>>;

export const colourOf = (tone: Tone): string => `var(--plot-${tone})`;
