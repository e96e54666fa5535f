/** A card on its way from one place to another, by pointer or by keyboard. */

import { useCallback, useRef, useState } from "react";
import type { Column } from "./columns";
import { type Card, type Place, placeOf, type Step, stepped } from "./moves";

export type Lift = { card: Card; place: Place; by: "pointer" | "keyboard" };

export type Lifting = {
  lift: Lift | null;
  /** The columns to show: while a card is lifted those of that moment, whatever happens meanwhile. */
  columns: readonly Column[];
  start: (card: Card, by: Lift["by"]) => Lift;
  /** Where it would land now; undefined when that has not changed. */
  to: (place: Place) => Lift | undefined;
  step: (step: Step, closed: ReadonlySet<string>) => Lift | undefined;
  /** No card is lifted any more; answers the one that was, and the columns that it was moved on. */
  end: () => { lift: Lift; columns: readonly Column[] } | null;
};

type State = { lift: Lift; columns: readonly Column[] } | null;

/** `live`: the columns as they are now. */
export function useLift(live: readonly Column[]): Lifting {
  const [state, setState] = useState<State>(null);
  // Events come faster than renders; what they build on is here.
  const now = useRef<State>(null);
  const latest = useRef(live);
  latest.current = live;

  const set = useCallback((next: State) => {
    now.current = next;
    setState(next);
  }, []);

  const start = useCallback<Lifting["start"]>(
    (card, by) => {
      const columns = latest.current;
      const lift = { card, place: placeOf(columns, card), by };
      set({ lift, columns });
      return lift;
    },
    [set],
  );

  const to = useCallback<Lifting["to"]>(
    (place) => {
      const state = now.current;
      if (state === null) return undefined;
      const { place: old } = state.lift;
      if (old.column === place.column && old.index === place.index) return undefined;
      const lift = { ...state.lift, place };
      set({ ...state, lift });
      return lift;
    },
    [set],
  );

  const step = useCallback<Lifting["step"]>(
    (step, closed) => {
      const state = now.current;
      if (state === null) return undefined;
      const { card, place } = state.lift;
      return to(stepped(state.columns, card.taskId, place, step, closed));
    },
    [to],
  );

  const end = useCallback<Lifting["end"]>(() => {
    const state = now.current;
    if (state !== null) set(null);
    return state;
  }, [set]);

  return { lift: state?.lift ?? null, columns: state?.columns ?? live, start, to, step, end };
}
