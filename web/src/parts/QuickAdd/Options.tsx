import type { TFunction } from "i18next";
import { useEffect, useLayoutEffect, useRef } from "react";
import type { Suggestions } from "@/text/quickadd";
import styles from "./QuickAdd.module.css";

type Props = {
  id: string;
  suggestions: Suggestions;
  active: number;
  t: TFunction;
  onPick: (index: number) => void;
};

const GAP = 4;

/**
 * Above everything else on the page, since whatever scrolls around the field would cut it off; below
 * the field, or above it where there is more room. The answer ends that.
 */
function float(list: HTMLElement): () => void {
  const ended = new AbortController();
  const place = () => {
    const field = list.parentElement?.getBoundingClientRect();
    if (field === undefined) return;
    const below = innerHeight - field.bottom;
    const up = below < list.scrollHeight && field.top > below;
    Object.assign(list.style, {
      left: `${field.left}px`,
      minWidth: `${field.width}px`,
      maxWidth: `${Math.max(field.width, innerWidth - field.left - GAP)}px`,
      maxHeight: `min(16rem, ${(up ? field.top : below) - 2 * GAP}px)`,
      top: up ? "auto" : `${field.bottom + GAP}px`,
      bottom: up ? `${innerHeight - field.top + GAP}px` : "auto",
    });
  };
  if ("showPopover" in list) {
    list.popover = "manual";
    list.showPopover();
  }
  place();
  addEventListener("scroll", place, { capture: true, passive: true, signal: ended.signal });
  addEventListener("resize", place, { signal: ended.signal });
  return () => ended.abort();
}

/** The list of a combobox; the keys are the field's. */
export function Options({ id, suggestions, active, t, onPick }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { current } = list;
    return current === null ? undefined : float(current);
  }, []);
  const current = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one is the active one then.
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div
      ref={list}
      id={id}
      role="listbox"
      aria-label={t(`suggest.${NAMES[suggestions.sign]}`)}
      className={styles.options}
    >
      {suggestions.options.map((option, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field that it belongs to has the keys.
        <div
          key={option.key}
          ref={index === active ? current : null}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          className={styles.option}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onPick(index)}
        >
          <bdi>{option.isNew ? t("newLabel", { name: option.label }) : option.label}</bdi>
          {option.hint && <small dir="ltr">{option.hint}</small>}
        </div>
      ))}
    </div>
  );
}

const NAMES = { "#": "project", "@": "assignee", "+": "label", "!": "priority" } as const;
