import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { caretPlace, type Place } from "./caret";
import { mentionOf, Names, type Person, suggestions, typing } from "./mentions";
import type { Field } from "./useTextarea";

export type Suggested = { person: Person; insert: string };
type Open = { start: number; caret: number; place: Place; options: Suggested[] };

export type Mentions = {
  open: Open | null;
  active: number;
  /** Look again what stands before the caret. */
  look: () => void;
  close: () => void;
  take: (index: number) => void;
  /** True when the key was meant for the suggestions. */
  key: (event: KeyboardEvent) => boolean;
};

/** Suggestions of members after an `@` in `field`. */
export function useMentions(field: Field, members: readonly Person[]): Mentions {
  const [open, setOpen] = useState<Open | null>(null);
  const [active, setActive] = useState(0);
  const [dismissed, setDismissed] = useState<number | null>(null);
  const names = useMemo(() => new Names(members), [members]);
  // Behind the blank that a choice has put there: who goes on with a blank means that one.
  const blank = useRef<number | null>(null);

  const look = useCallback(() => {
    const element = field.ref.current;
    const { text, start, end } = field.selected();
    const found = start === end ? typing(text, end) : null;
    if (element === null || found === null) {
      setDismissed(null);
      return setOpen(null);
    }
    if (found.start === dismissed) return;
    const options = suggestions(found.query, members).flatMap((person) => {
      const insert = mentionOf(person, names);
      return insert === null ? [] : [{ person, insert }];
    });
    // What is there already is not suggested again.
    const whole = options.length === 1 && text.slice(found.start, end) === options[0]?.insert;
    if (options.length === 0 || whole) return setOpen(null);
    setActive(0);
    setOpen({ start: found.start, caret: end, place: caretPlace(element, found.start), options });
  }, [field, members, names, dismissed]);

  const close = useCallback(() => setOpen(null), []);

  const take = useCallback(
    (index: number) => {
      const chosen = open?.options[index];
      if (!open || !chosen) return;
      field.edit(({ text }) => {
        const insert = /^\s/.test(text.slice(open.caret)) ? chosen.insert : `${chosen.insert} `;
        const caret = open.start + insert.length;
        blank.current = insert === chosen.insert ? null : caret;
        return { from: open.start, to: open.caret, insert, start: caret, end: caret };
      });
      setDismissed(open.start);
      setOpen(null);
    },
    [field, open],
  );

  const key = useCallback(
    (event: KeyboardEvent) => {
      const put = blank.current;
      blank.current = null;
      const { start, end } = field.selected();
      if (event.key === " " && put !== null && start === put && end === put) {
        event.preventDefault();
        return true;
      }
      if (open === null || event.ctrlKey || event.metaKey || event.altKey) return false;
      const count = open.options.length;
      if (event.key === "ArrowDown") setActive((active + 1) % count);
      else if (event.key === "ArrowUp") setActive((active + count - 1) % count);
      else if (event.key === "Enter" || event.key === "Tab") take(active);
      else if (event.key === "Escape") {
        setDismissed(open.start);
        setOpen(null);
      } else return false;
      event.preventDefault();
      return true;
    },
    [field, open, active, take],
  );

  return { open, active, look, close, take, key };
}
