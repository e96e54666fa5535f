/** Short messages at the edge of the page; what can be taken back can be taken back there. */

import i18next from "i18next";
import { createElement } from "react";

export type Tone = "plain" | "good" | "bad";
export type Telling = { text: string; undo?: () => void; tone?: Tone };

const STAYS_MS = 8_000;
const BAD_STAYS_MS = 20_000;

let next = 0;
let begin: () => void = () => undefined;

/** Settled when there is something to say. */
export const said: Promise<void> = new Promise((settle) => {
  begin = settle;
});

/** Say `text`; with a button that takes it back where `undo` is given. */
export async function tell({ text, undo, tone = "plain" }: Telling): Promise<void> {
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
  notifications.show({
    id,
    message: createElement(Notice, { text, undo: undo && takeBack, close }),
    autoClose: tone === "bad" ? BAD_STAYS_MS : STAYS_MS,
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
