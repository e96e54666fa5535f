import { VisuallyHidden } from "@mantine/core";
import type { TFunction } from "i18next";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { Draft, LabelName, MemberName, ProjectName } from "@/text/quickadd";
import { nowMs } from "@/time/clock";
import { summary } from "./describe";
import { Field } from "./Field";
import { Options } from "./Options";
import { Pasted } from "./Pasted";
import styles from "./QuickAdd.module.css";
import { Understood } from "./Understood";
import { type QuickAddState, useQuickAdd } from "./useQuickAdd";

export type QuickAddProps = {
  projects: readonly ProjectName[];
  members: readonly MemberName[];
  labels: readonly LabelName[];
  /** The id of who types. */
  me: string;
  language: string;
  timeZone: string;
  /** `open`: it is to be shown then. If it throws, or its promise does, what was typed comes back. */
  onCreate: (draft: Draft, how: { open: boolean }) => unknown;
  /** Tasks of pasted lines, at once; one after the other by `onCreate` without it. */
  onCreateMany?: ((drafts: Draft[]) => void) | undefined;
  autoFocus?: boolean | undefined;
  /** What the field is called, where there are several. */
  label?: string | undefined;
  /** In place of “What is to be done?” */
  placeholder?: string | undefined;
};

// Somebody who hears it should not be interrupted at each letter.
const QUIET_MS = 700;

/** A field that understands a task while it is typed, and shows what. */
export function QuickAdd(props: QuickAddProps) {
  const { t } = useTranslation(["quickadd", "parts"]);
  const field = useRef<HTMLInputElement>(null);
  const state = useQuickAdd(props, field, t);
  const id = useId();
  const frame = { t, locale: state.locale, zone: state.zone, now: nowMs() };
  return (
    <div className={styles.root}>
      <div className={styles.anchor}>
        <Typing id={id} props={props} state={state} field={field} t={t} />
        {state.list.shown && (
          <Options
            id={`${id}-list`}
            suggestions={state.list.shown}
            active={state.list.active}
            t={t}
            onPick={state.pick}
          />
        )}
      </div>
      {state.error && (
        <p id={`${id}-error`} role="alert" className={styles.error}>
          {state.error}
        </p>
      )}
      <div className={styles.below}>
        <Understood
          id={`${id}-understood`}
          parsed={state.parsed}
          frame={frame}
          onToggle={state.toggle}
        />
        <p id={`${id}-hint`} className={styles.hint} data-shown={silent(state.parsed)}>
          {t("hint")}
        </p>
      </div>
      {state.paper.lines && (
        <Pasted
          lines={state.paper.lines}
          t={t}
          onEach={state.paper.each}
          onOne={state.paper.one}
          onCancel={state.paper.cancel}
        />
      )}
      <Spoken words={state.text === "" ? state.said : summary(state.parsed, frame)} />
    </div>
  );
}

/** Whether there is nothing to say of what was typed: the hint stays, and nothing moves. */
const silent = ({ tokens, off, unknown }: QuickAddState["parsed"]) =>
  tokens.length + off.length + unknown.length === 0;

type TypingProps = {
  id: string;
  props: QuickAddProps;
  state: QuickAddState;
  field: React.RefObject<HTMLInputElement | null>;
  t: TFunction;
};

function Typing({ id, props, state, field, t }: TypingProps) {
  const { list } = state;
  const caret = () => state.setCaret(field.current?.selectionStart ?? 0);
  return (
    <Field
      ref={field}
      value={state.text}
      tokens={state.parsed.tokens}
      type="text"
      role="combobox"
      aria-label={props.label ?? t("label")}
      aria-autocomplete="list"
      aria-haspopup="listbox"
      aria-expanded={list.shown !== null}
      aria-controls={list.shown ? `${id}-list` : undefined}
      aria-activedescendant={list.active >= 0 ? `${id}-list-${list.active}` : undefined}
      aria-invalid={state.error !== null}
      aria-describedby={state.error ? `${id}-error` : `${id}-hint`}
      placeholder={props.placeholder ?? t("placeholder")}
      autoFocus={props.autoFocus}
      data-autofocus={props.autoFocus ? true : undefined}
      autoComplete="off"
      // Escape closes the list, and not the dialogue around it, which listens first.
      data-mantine-stop-propagation={list.shown !== null}
      enterKeyHint="done"
      onChange={({ currentTarget }) =>
        state.change(
          currentTarget.value,
          currentTarget.selectionStart ?? currentTarget.value.length,
        )
      }
      onSelect={caret}
      onFocus={() => list.focus(true)}
      onBlur={() => list.focus(false)}
      onKeyDown={(event) => onKey(event, state)}
      onPaste={(event) => {
        if (state.paper.paste(event.clipboardData.getData("text/plain"))) event.preventDefault();
      }}
    />
  );
}

function onKey(event: KeyboardEvent<HTMLInputElement>, state: QuickAddState): void {
  // Enter and arrows belong to the input method while it composes.
  if (event.nativeEvent.isComposing) return;
  const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
  const taken =
    (plain && state.list.shown !== null && inList(event.key, state)) ||
    (event.key === "Enter" && !event.altKey && enter(event.shiftKey, state));
  if (!taken) return;
  event.preventDefault();
  event.stopPropagation();
}

function enter(open: boolean, state: QuickAddState): true {
  state.submit(open);
  return true;
}

/** Whether a key is the open list's. */
function inList(key: string, { list, pick }: QuickAddState): boolean {
  switch (key) {
    case "ArrowDown":
      list.move(1);
      return true;
    case "ArrowUp":
      list.move(list.active < 0 ? 0 : -1);
      return true;
    case "Escape":
      list.close();
      return true;
    case "Enter":
    case "Tab":
      if (list.active < 0) return false;
      pick(list.active);
      return true;
    default:
      return false;
  }
}

/** Says what was understood when somebody has stopped typing. */
function Spoken({ words }: { words: string }) {
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(words), QUIET_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <VisuallyHidden role="status" aria-live="polite">
      {spoken}
    </VisuallyHidden>
  );
}
