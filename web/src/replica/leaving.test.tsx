// @vitest-environment jsdom
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { afterEach, expect, it, vi } from "vitest";
import { useWorkspaces } from "./hooks";
import { eraseStore, openStore, store } from "./store";

afterEach(() => vi.unstubAllGlobals());

function Leaves() {
  void eraseStore();
  return null;
}
const Reads = () => <p>{useWorkspaces().length} workspaces</p>;

it("lets a drawing that somebody leaves in the middle of go on to its end", () => {
  vi.stubGlobal("fetch", () => new Promise(() => {}));
  const heard = () => {};
  openStore("ada", { folded: heard, inbox: heard, refused: heard, done: heard });
  const wrong: unknown[] = [];
  const onRecoverableError = (error: unknown) => wrong.push(error);
  const element = document.createElement("div");
  const root = createRoot(element, { onRecoverableError, onUncaughtError: onRecoverableError });
  flushSync(() =>
    root.render(
      <>
        <Leaves />
        <Reads />
      </>,
    ),
  );
  expect(element.textContent).toBe("0 workspaces");
  expect(wrong).toEqual([]);
  // Nothing can be done with it any more.
  expect(store).toThrow("nobody is signed in");
  flushSync(() => root.unmount());
});
