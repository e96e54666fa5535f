/** Reads phrases from the words of a line. */

import type { DayKey } from "@/time/dates";
import { NUMBERS } from "./vocabulary";
import type { Word } from "./words";

/** What dates are seen from. */
export type Setting = {
  now: number;
  today: DayKey;
  zone: string;
  german: boolean;
  /** 12/24 is the 24th of December. */
  monthFirst: boolean;
};

/** What was read, and the index of the word behind it. `dot`: that word's full stop belongs to it. */
export type Read<Value> = { value: Value; next: number; dot?: boolean };

export class Reader {
  constructor(
    readonly words: readonly Word[],
    readonly at: Setting,
  ) {}

  /** The word, if it can begin a phrase. */
  first(index: number): Word | null {
    const word = this.words[index];
    return word && !word.plain && !word.sign ? word : null;
  }

  /** The word, if it goes on with the one before; `over`: punctuation that may stand between. */
  on(index: number, over = ""): Word | null {
    const word = this.first(index);
    const before = this.words[index - 1];
    if (!word || !before || word.open) return null;
    return before.trail === "" || over.includes(before.trail) ? word : null;
  }

  /** What a phrase goes on with, folded; empty where it ends. */
  text(index: number, over = ""): string {
    return this.on(index, over)?.folded ?? "";
  }

  isOneOf(index: number, list: ReadonlySet<string>): boolean {
    const word = this.text(index);
    return word !== "" && list.has(word);
  }

  /** A number in digits or as a word, at most 999. */
  count(index: number): number | null {
    const word = this.text(index);
    if (/^\d{1,3}$/.test(word)) return Number(word);
    return NUMBERS.get(word) ?? null;
  }

  /** Whether a full stop stands behind a word: `24.` */
  dotted(index: number): boolean {
    return this.words[index]?.trail.startsWith(".") ?? false;
  }

  /** Whether nothing but signs and punctuation comes behind a word, or the line ends. */
  endsAt(index: number): boolean {
    const word = this.words[index];
    return !word || word.sign !== null || this.words[index - 1]?.trail !== "" || word.open;
  }
}
