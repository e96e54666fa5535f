/** What keys do: registered by whoever is on the page, listed on the help sheet. */

import { useEffect, useRef, useSyncExternalStore } from "react";

export type Shortcut = {
  /** Keys one after the other, as in "g b"; "mod" is Ctrl, on a Mac Cmd: "mod+k". */
  keys: string;
  /** What it does, in words. */
  label: string;
  /** Without it the key is only listed: whatever has the focus listens itself. */
  run?: (event: KeyboardEvent) => void;
  /** Also while something is being typed. */
  always?: boolean;
  /** It acts on the page's rows, which are not meant by keys pressed in the panel beside them. */
  rows?: boolean;
};
export type Group = { name: string; shortcuts: readonly Shortcut[] };

const SEQUENCE_MS = 1_000;
const SWITCH = "tidework.shortcuts";

const groups = new Set<{ current: Group }>();
const listeners = new Set<() => void>();
let listed: readonly Group[] = [];
let pressed: { keys: string; at: number } = { keys: "", at: 0 };

/** Single keys can be switched off (WCAG 2.1.4): speech input types them by accident. */
export const shortcutsOn = (): boolean => localStorage.getItem(SWITCH) !== "off";
export const switchShortcuts = (on: boolean): void =>
  localStorage.setItem(SWITCH, on ? "on" : "off");

function relist(): void {
  listed = [...groups].map(({ current }) => current);
  for (const listener of [...listeners]) listener();
}

/** While the component is there, these keys do that. */
export function useShortcuts(name: string, shortcuts: readonly Shortcut[]): void {
  const group = useRef<Group>({ name, shortcuts });
  group.current = { name, shortcuts };
  useEffect(() => {
    groups.add(group);
    relist();
    return () => {
      groups.delete(group);
      relist();
    };
  }, []);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** All that keys do on this page. */
export const useShortcutList = (): readonly Group[] =>
  useSyncExternalStore(subscribe, () => listed);

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

function nameOf(event: KeyboardEvent): string {
  const mod = isMac() ? event.metaKey : event.ctrlKey;
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  return `${mod ? "mod+" : ""}${event.altKey ? "alt+" : ""}${key}`;
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

// A picker's button keeps the focus while its list is open.
const ABOVE = '[role="dialog"], [role="menu"], [role="listbox"], [data-expanded]';

/** What is below a dialog, a menu or a list of options is not meant by keys that are pressed in it. */
const isAbove = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest(ABOVE) !== null;

/** Whether the focus is in the panel, or nowhere while there is one. */
function inPanel(target: EventTarget | null): boolean {
  const panel = document.querySelector("[data-task-panel]");
  return panel !== null && (target === document.body || panel.contains(target as Node));
}

function find(keys: string): Shortcut | undefined {
  // The newest first: a dialog's keys go before the page's.
  for (const { current } of [...groups].reverse()) {
    const found = current.shortcuts.find(({ keys: own, run }) => run && own === keys);
    if (found) return found;
  }
  return undefined;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.key === "Shift") return;
  const name = nameOf(event);
  const typing = isTyping(event.target);
  const sequence = Date.now() - pressed.at < SEQUENCE_MS ? `${pressed.keys} ${name}`.trim() : name;
  const shortcut = find(sequence) ?? find(name);
  pressed = typing ? { keys: "", at: 0 } : { keys: shortcut ? "" : name, at: Date.now() };
  if (shortcut === undefined) return;
  if ((typing || isAbove(event.target)) && !shortcut.always) return;
  if (shortcut.rows && inPanel(event.target)) return;
  if (!shortcut.keys.includes("mod+") && !shortcutsOn()) return;
  event.preventDefault();
  shortcut.run?.(event);
}

/** Listen to keys, once for the whole application. */
export function listenToKeys(): () => void {
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}
