/** Short messages at the edge of the page; what can be taken back can be taken back there. */

import i18next from "i18next";
import { createElement } from "react";

export type Tone = "plain" | "good" | "bad";
/** `lasting`: something is gone; it stays until somebody closes it, or the next such thing comes. */
export type Telling = { text: string; undo?: () => void; tone?: Tone; lasting?: boolean };

const STAYS_MS = 8_000;
// Time to read what went wrong, or to think better of it.
const LONG_STAYS_MS = 20_000;

let next = 0;
let last: string | null = null;
let begin: () => void = () => undefined;

/** Settled when there is something to say. */
export const said: Promise<void> = new Promise((settle) => {
  begin = settle;
});

/** Say `text`; with a button that takes it back where `undo` is given. */
export async function tell({
  text,
  undo,
  tone = "plain",
  lasting = false,
}: Telling): Promise<void> {
  begin();
  next += 1;
  const id = `notice-${next}`;
  const [{ notifications }, { Notice }] = await Promise.all([
    import("@mantine/notifications"),
    import("./Notice"),
  ]);
  const close = () => notifications.hide(id);
  // A second click may come before the button is gone.
  let taken = false;
  const takeBack = () => {
    if (!taken) undo?.();
    taken = true;
  };
  if (lasting) {
    if (last !== null) notifications.hide(last);
    last = id;
  }
  const long = tone === "bad" || undo !== undefined;
  notifications.show({
    id,
    message: createElement(Notice, { text, undo: undo && takeBack, close }),
    autoClose: lasting ? false : long ? LONG_STAYS_MS : STAYS_MS,
    color: tone === "bad" ? "red" : tone === "good" ? "teal" : "cyan",
    role: tone === "bad" ? "alert" : "status",
    closeButtonProps: { "aria-label": i18next.t("close") },
  });
}

/** Say what went wrong, and what to do. */
export async function fail(error: unknown): Promise<void> {
  const { aboutAll } = await import("@/i18n/problemWords");
  await i18next.loadNamespaces("parts");
  tell({ text: aboutAll(i18next.t, error, i18next.language), tone: "bad" });
}
