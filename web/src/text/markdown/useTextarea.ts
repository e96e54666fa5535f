import { type RefObject, useCallback, useRef } from "react";
import type { Edit, Selected } from "./edits";

export type Field = {
  ref: RefObject<HTMLTextAreaElement | null>;
  selected: () => Selected;
  /** Edit as if it had been typed: the browser's own undo takes it back. */
  edit: (make: (selected: Selected) => Edit | null) => boolean;
};

export function useTextarea(change: (text: string) => void): Field {
  const ref = useRef<HTMLTextAreaElement>(null);

  const selected = useCallback((): Selected => {
    const field = ref.current;
    if (field === null) return { text: "", start: 0, end: 0 };
    return { text: field.value, start: field.selectionStart, end: field.selectionEnd };
  }, []);

  const edit = useCallback(
    (make: (selected: Selected) => Edit | null) => {
      const field = ref.current;
      const made = field && make(selected());
      if (!field || !made) return false;
      field.focus();
      field.setSelectionRange(made.from, made.to);
      if (!typed(made)) {
        field.setRangeText(made.insert, made.from, made.to, "end");
        change(field.value);
      }
      field.setSelectionRange(made.start, made.end);
      return true;
    },
    [selected, change],
  );

  return { ref, selected, edit };
}

// Deprecated for years and in every browser: nothing else keeps the undo of a text field whole.
function typed({ from, to, insert }: Edit): boolean {
  if (typeof document.execCommand !== "function") return false;
  if (insert !== "") return document.execCommand("insertText", false, insert);
  return from === to || document.execCommand("delete");
}
