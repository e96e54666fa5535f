import type { TFunction } from "i18next";
import { useEffect, useRef } from "react";
import type { Suggestions } from "@/text/quickadd";
import styles from "./QuickAdd.module.css";

type Props = {
  id: string;
  suggestions: Suggestions;
  active: number;
  t: TFunction;
  onPick: (index: number) => void;
};

/** The list of a combobox; the keys are the field's. */
export function Options({ id, suggestions, active, t, onPick }: Props) {
  const current = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another one is the active one then.
  useEffect(() => {
    current.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    <div
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
