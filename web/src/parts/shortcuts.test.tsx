// @vitest-environment jsdom
import { cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { listenToKeys, switchShortcuts, useShortcuts } from "./shortcuts";

const run = vi.fn();

function Page() {
  useShortcuts("page", [
    { keys: "x", label: "select", run },
    { keys: "e", label: "edit", run: () => run("edit"), rows: true },
    { keys: "g b", label: "board", run: () => run("board") },
    { keys: "mod+k", label: "palette", run: () => run("palette"), always: true },
  ]);
  return (
    <>
      <input aria-label="title" />
      <div role="dialog" aria-modal="true">
        <button type="button">ok</button>
      </div>
      <div role="menu">
        <button type="button">high</button>
      </div>
    </>
  );
}

const Panel = () => (
  <div data-task-panel>
    <button type="button">status</button>
  </div>
);

listenToKeys();

afterEach(() => {
  cleanup();
  run.mockReset();
  localStorage.clear();
});

const press = (target: Element, key: string, more = {}) =>
  fireEvent.keyDown(target, { key, ...more });

it("does what keys say, one after the other too", () => {
  render(<Page />);
  press(document.body, "x");
  expect(run).toHaveBeenCalledTimes(1);
  press(document.body, "g");
  press(document.body, "b");
  expect(run).toHaveBeenLastCalledWith("board");
});

it("does nothing while somebody types or answers a dialog, but for the palette", () => {
  const { getByLabelText, getByRole } = render(<Page />);
  press(getByLabelText("title"), "x");
  press(getByRole("button", { name: "ok" }), "x");
  press(getByRole("button", { name: "high" }), "x");
  expect(run).not.toHaveBeenCalled();
  press(getByLabelText("title"), "k", { ctrlKey: true });
  expect(run).toHaveBeenLastCalledWith("palette");
});

it("leaves rows alone while the panel beside them has the focus, or nothing has", () => {
  const { getByRole } = render(
    <>
      <Page />
      <Panel />
    </>,
  );
  press(getByRole("button", { name: "status" }), "e");
  press(document.body, "e");
  expect(run).not.toHaveBeenCalled();
  press(getByRole("button", { name: "status" }), "x");
  expect(run).toHaveBeenCalledTimes(1);
  press(document.querySelector("div") as Element, "e");
  expect(run).toHaveBeenLastCalledWith("edit");
});

it("does nothing by single keys when they are switched off, or when the page is gone", () => {
  const { unmount } = render(<Page />);
  switchShortcuts(false);
  press(document.body, "x");
  expect(run).not.toHaveBeenCalled();
  switchShortcuts(true);
  unmount();
  press(document.body, "x");
  expect(run).not.toHaveBeenCalled();
});
