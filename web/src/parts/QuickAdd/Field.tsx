import { type ComponentPropsWithRef, useLayoutEffect, useRef } from "react";
import type { Token } from "@/text/quickadd";
import styles from "./QuickAdd.module.css";

type Props = ComponentPropsWithRef<"input"> & { value: string; tokens: readonly Token[] };

/** A field of one line in which what was understood has a background. */
export function Field({ value, tokens, ref, ...rest }: Props) {
  const mirror = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement | null>(null);
  const follow = () => {
    if (mirror.current && field.current) mirror.current.scrollLeft = field.current.scrollLeft;
  };
  // The field scrolls by itself when its text changes.
  useLayoutEffect(follow);
  return (
    <div className={styles.field}>
      <div ref={mirror} className={styles.mirror} aria-hidden dir="auto">
        {parts(value, tokens)}
      </div>
      <input
        {...rest}
        ref={(element) => {
          field.current = element;
          if (typeof ref === "function") ref(element);
          else if (ref) ref.current = element;
        }}
        className={styles.input}
        value={value}
        dir="auto"
        onScroll={follow}
      />
    </div>
  );
}

function parts(value: string, tokens: readonly Token[]) {
  const shown = [];
  let from = 0;
  for (const { start, end, key, kind } of tokens) {
    shown.push(value.slice(from, start));
    shown.push(
      <mark key={key} className={styles.mark} data-kind={kind}>
        {value.slice(start, end)}
      </mark>,
    );
    from = end;
  }
  shown.push(value.slice(from));
  return shown;
}
