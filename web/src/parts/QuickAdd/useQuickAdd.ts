import type { TFunction } from "i18next";
import { type RefObject, useMemo, useState } from "react";
import {
  type Draft,
  type Parsed,
  parse,
  type Suggestions,
  suggest,
  taskLines,
  toDraft,
} from "@/text/quickadd";
import { nowMs } from "@/time/clock";
import { localeFor } from "@/time/format";
import { usableZone } from "@/time/zone";
import type { QuickAddProps } from "./QuickAdd";

const NOTHING: ReadonlySet<string> = new Set();

/** The state of quick add: what is typed, what it means, what is suggested and pasted. */
export function useQuickAdd(
  props: QuickAddProps,
  field: RefObject<HTMLInputElement | null>,
  t: TFunction,
) {
  const { projects, members, labels, me, language } = props;
  const [text, setText] = useState("");
  const [ignored, setIgnored] = useState(NOTHING);
  const [caret, setCaret] = useState(0);
  const [error, setError] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const [pasted, setPasted] = useState<string[] | null>(null);
  const locale = useMemo(() => localeFor(language), [language]);
  const zone = usableZone(props.timeZone);

  const read = (line: string, off: ReadonlySet<string> = NOTHING): Parsed =>
    parse(line, {
      now: nowMs(),
      timeZone: zone,
      language: locale,
      projects,
      members,
      labels,
      me,
      ignored: off,
    });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` follows from these.
  const parsed = useMemo(
    () => read(text, ignored),
    [text, ignored, zone, locale, projects, members, labels, me],
  );
  const list = useList(props, { text, caret, parsed }, t);

  const change = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    list.reopen();
    setError(null);
    if (next.trim() === "") setIgnored(NOTHING);
  };
  const toggle = (key: string) =>
    setIgnored((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const clear = () => {
    change("", 0);
    setIgnored(NOTHING);
  };

  const pick = (index: number) => {
    const option = list.shown?.options[index];
    if (!list.shown || !option) return;
    const behind = text.slice(list.shown.end);
    const space = /^\s/.test(behind) ? "" : " ";
    const begin = `${text.slice(0, list.shown.start)}${option.insert}${space}`;
    const at = begin.length + (space ? 0 : 1);
    change(begin + behind, at);
    list.close();
    // After the field has its new text.
    requestAnimationFrame(() => field.current?.setSelectionRange(at, at));
  };

  /** Make the task; whether there was one. */
  const submit = (open: boolean): boolean => {
    if (text.trim() === "") return false;
    const now = read(text, ignored);
    if (now.title === "") {
      setError(t("noTitle"));
      return false;
    }
    const made = toDraft(now);
    send(made, open, text, ignored);
    return true;
  };
  const send = (made: Draft, open: boolean, typed: string, off: ReadonlySet<string>) => {
    const back = () => {
      setText((present) => (present === "" ? typed : present));
      setIgnored((present) => (present.size === 0 ? off : present));
      setError(t("failed"));
    };
    clear();
    try {
      const done = props.onCreate(made, { open });
      setSaid(t("added", { title: made.title }));
      if (done instanceof Promise) done.catch(back);
    } catch {
      back();
    }
  };

  const paste = (clipboard: string): boolean => {
    const lines = taskLines(clipboard);
    if (lines.length < 2) return false;
    setPasted(lines);
    return true;
  };
  const pasteEach = () => {
    const drafts = (pasted ?? []).map((line) => {
      const draft = toDraft(read(line));
      // A line that is all date is the name of something after all.
      return draft.title === "" ? { title: line, newLabels: [] } : draft;
    });
    if (props.onCreateMany) props.onCreateMany(drafts);
    else for (const draft of drafts) props.onCreate(draft, { open: false });
    setPasted(null);
    setSaid(t("addedMany", { count: drafts.length }));
    field.current?.focus();
  };
  const pasteOne = () => {
    const line = (pasted ?? []).join(" ");
    const begin = text.slice(0, caret);
    change(begin + line + text.slice(caret), begin.length + line.length);
    setPasted(null);
    field.current?.focus();
  };
  const cancelPaste = () => {
    setPasted(null);
    field.current?.focus();
  };
  const paper = { lines: pasted, paste, each: pasteEach, one: pasteOne, cancel: cancelPaste };
  return {
    text,
    parsed,
    locale,
    zone,
    error,
    said,
    list,
    paper,
    change,
    setCaret,
    toggle,
    pick,
    submit,
  };
}

export type QuickAddState = ReturnType<typeof useQuickAdd>;

type Typed = { text: string; caret: number; parsed: Parsed };

/** The list of suggestions: which there are, and which one the keys are at. */
function useList(props: QuickAddProps, { text, caret, parsed }: Typed, t: TFunction) {
  const { projects, members, labels, me } = props;
  const [closed, setClosed] = useState(false);
  const [moved, setMoved] = useState<number | null>(null);
  const [focused, setFocused] = useState(false);
  const found: Suggestions | null = useMemo(() => {
    const words = { urgent: t("urgent"), high: t("high"), medium: t("medium"), low: t("low") };
    return suggest(text, caret, { projects, members, labels, me }, words);
  }, [text, caret, projects, members, labels, me, t]);
  // What is understood as it stands needs no help: Enter makes the task then.
  const understood = parsed.tokens.some(
    ({ start, end }) => start === found?.start && text.slice(end, caret).trim() === "",
  );
  // Nor is a list of one shown then: it would cover what was understood.
  const settled = understood && found?.options.length === 1;
  const shown = closed || !focused || settled ? null : found;
  const count = shown?.options.length ?? 0;
  const active =
    count === 0 ? -1 : moved === null ? (understood ? -1 : 0) : Math.min(moved, count - 1);
  return {
    shown,
    active,
    move: (by: number) => setMoved((active + by + count) % Math.max(count, 1)),
    reopen: () => {
      setClosed(false);
      setMoved(null);
    },
    close: () => setClosed(true),
    focus: setFocused,
  };
}
