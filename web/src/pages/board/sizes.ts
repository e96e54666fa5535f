/** Cards are all of one height, so that where a card stands follows from its index alone. */

import type { Task } from "@/replica/model";
import { others, type Place } from "./moves";

/** In rem, as in BoardPage.module.css. */
const ROW_REM = 6.75;

let pixels = 0;

/** Height of a card and of the gap below it, in pixels. */
export function rowHeight(): number {
  pixels ||= ROW_REM * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return pixels;
}

/** A column on the screen: its box, and the box of its cards, which scrolls. */
export type Shown = { key: string; box: Element; cards: Element | null; tasks: readonly Task[] };

/** Where a card that is held over (`x`, `y`) lands; undefined beside all columns. */
export function placeAt(
  shown: Iterable<Shown>,
  x: number,
  y: number,
  taskId: string,
): Place | undefined {
  for (const { key, box, cards, tasks } of shown) {
    const { left, right } = box.getBoundingClientRect();
    if (x < left || x >= right) continue;
    const most = others({ key, tasks }, taskId).length;
    if (cards === null) return { column: key, index: most };
    const offset = y - cards.getBoundingClientRect().top + cards.scrollTop;
    const row = Math.min(Math.max(Math.round(offset / rowHeight()), 0), tasks.length);
    const own = tasks.findIndex((task) => task.id === taskId);
    return { column: key, index: Math.min(own >= 0 && row > own ? row - 1 : row, most) };
  }
  return undefined;
}

/** The row in front of which a card lands, the moved one counted, which is at `own` or at -1. */
export const rowOf = (index: number, own: number): number =>
  own >= 0 && index > own ? index + 1 : index;
