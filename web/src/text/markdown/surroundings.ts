import { createContext } from "react";

/** What the elements of a text know beside themselves. */
export type Around = {
  source: string;
  me: string | undefined;
  toggle: ((offset: number) => void) | undefined;
  /** What is said of links that open in a new tab: asked for once, not by each of them. */
  newTab: string;
};

export const Surroundings = createContext<Around>({
  source: "",
  me: undefined,
  toggle: undefined,
  newTab: "",
});

/** The list item around a box: where it begins in the source, and its words. */
export const Item = createContext<{ offset: number; words: string } | null>(null);
