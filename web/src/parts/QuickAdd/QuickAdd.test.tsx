// @vitest-environment jsdom
import { cleanup, configure, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { show, startForTests } from "@/parts/testing";
import { CONTEXT, WEDNESDAY } from "@/text/quickadd/examples";
import { QuickAdd, type QuickAddProps } from "./QuickAdd";

// On a machine that does much else, jsdom takes seconds for what a browser does at once.
configure({ asyncUtilTimeout: 10_000 });
vi.setConfig({ testTimeout: 30_000 });

beforeAll(() => startForTests("quickadd", "parts"));
beforeEach(() => {
  vi.useFakeTimers({ now: WEDNESDAY, toFake: ["Date"] });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function start(more: Partial<QuickAddProps> = {}) {
  const onCreate = vi.fn();
  const { projects, members, labels, me } = CONTEXT;
  const props = { projects, members, labels, me, language: "en", timeZone: "Europe/Berlin" };
  const { container } = show(<QuickAdd {...props} onCreate={onCreate} {...more} />);
  const field = screen.getByRole("combobox", { name: "New task" }) as HTMLInputElement;
  return { onCreate, field, container, user: userEvent.setup({ delay: null }) };
}

/** As if it had been typed; key by key it takes jsdom seconds. */
function put(field: HTMLInputElement, text: string) {
  field.focus();
  fireEvent.change(field, { target: { value: text } });
  field.setSelectionRange(text.length, text.length);
  fireEvent.select(field);
}

const chips = () => screen.queryAllByRole("button").map((chip) => chip.getAttribute("aria-label"));

it("makes the task that was typed, and is ready for the next", async () => {
  const { field, onCreate, user } = start();
  put(field, "Call Bob tomorrow 5pm !high");
  await user.keyboard("{Enter}");
  expect(onCreate).toHaveBeenCalledExactlyOnceWith(
    {
      title: "Call Bob",
      due_at: "2026-11-19T16:00:00.000Z",
      priority: "high",
      newLabels: [],
    },
    { open: false },
  );
  expect(field.value).toBe("");
  expect(document.activeElement).toBe(field);
  await waitFor(() => expect(screen.getByRole("status").textContent).toBe("Added: Call Bob"));
});

it("opens it with Shift", async () => {
  const { field, onCreate, user } = start();
  put(field, "Call Bob");
  await user.keyboard("{Shift>}{Enter}{/Shift}");
  expect(onCreate).toHaveBeenCalledWith({ title: "Call Bob", newLabels: [] }, { open: true });
});

it("shows and says what it understood, and lets it be switched off", async () => {
  const { field, onCreate, user } = start();
  put(field, "Monday report friday +neu @nobody");
  expect(chips()).toEqual(["Due: Friday, Nov 20", "Label: neu (new)"]);
  expect(screen.getByText(/Nobody here is called @nobody/)).toBeTruthy();
  await waitFor(() =>
    expect(screen.getByRole("status").textContent).toContain(
      "Due: Friday, Nov 20; Label: neu (new)",
    ),
  );
  const due = screen.getByRole("button", { name: "Due: Friday, Nov 20" });
  await user.click(due);
  expect(chips()[0]).toBe("Due: Monday, Nov 23");
  expect(due.getAttribute("aria-pressed")).toBe("false");
  await user.click(screen.getByRole("button", { name: "Due: Monday, Nov 23" }));
  expect(document.activeElement).toBe(field);
  await user.type(field, "{Enter}");
  expect(onCreate.mock.calls[0]?.[0]).toEqual({
    title: "Monday report friday @nobody",
    newLabels: ["neu"],
  });
});

it("does not cover what was understood with a list that offers nothing else", () => {
  const { field } = start();
  put(field, "Report !high");
  expect(chips()).toEqual(["Priority: High"]);
  expect(screen.queryByRole("listbox")).toBeNull();
});

it("asks for a name where all was understood", async () => {
  const { field, onCreate, user } = start();
  put(field, "tomorrow");
  await user.keyboard("{Enter}");
  expect(onCreate).not.toHaveBeenCalled();
  expect(screen.getByRole("alert").textContent).toContain("What is the task called?");
  expect(field.value).toBe("tomorrow");
  put(field, "tomorrow rest");
  await user.keyboard("{Enter}");
  expect(onCreate).toHaveBeenCalledOnce();
  put(field, "   ");
  await user.keyboard("{Enter}");
  expect(onCreate).toHaveBeenCalledOnce();
});

it("suggests names, by keys", async () => {
  const { field, onCreate, user } = start();
  put(field, "Fix #ap");
  expect(field.getAttribute("aria-expanded")).toBe("true");
  const options = () =>
    within(screen.getByRole("listbox", { name: "Projects" })).getAllByRole("option");
  expect(options().map((option) => option.textContent)).toEqual(["Apollo", "Apollo 11"]);
  await user.keyboard("{ArrowDown}");
  const active = document.getElementById(field.getAttribute("aria-activedescendant") ?? "");
  expect(active?.textContent).toBe("Apollo 11");
  await user.keyboard("{Enter}");
  expect(field.value).toBe("Fix #Apollo 11 ");
  expect(screen.queryByRole("listbox")).toBeNull();
  await user.keyboard("@ann{ArrowUp}{Tab}!{Escape}{Enter}");
  expect(onCreate.mock.calls[0]?.[0]).toEqual({
    title: "Fix !",
    project_id: "apollo11",
    assignee_id: "anna2",
    newLabels: [],
  });
});

it("needs no second Enter for what it understands as it stands", async () => {
  const { field, onCreate, user } = start();
  put(field, "Fix +bug");
  await user.keyboard("{Enter}");
  expect(onCreate).toHaveBeenCalledOnce();
  put(field, "Fix #apollo ");
  await user.keyboard("{Enter}");
  expect(onCreate.mock.calls.pop()?.[0]).toMatchObject({ project_id: "apollo" });
  put(field, "Fix +neu");
  await user.keyboard("{Enter}");
  expect(onCreate.mock.calls[1]?.[0]).toEqual({ title: "Fix", newLabels: ["neu"] });
});

it("leaves the keys to an input method while it composes", async () => {
  const { field, onCreate } = start();
  fireEvent.change(field, { target: { value: "あした" } });
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  expect(onCreate).not.toHaveBeenCalled();
});

it("makes a task of each line that is pasted", async () => {
  const onCreateMany = vi.fn();
  const { field, user } = start({ onCreateMany });
  await user.click(field);
  await user.paste("- Milk tomorrow\n- Bread !low\n\n- heute\n- Eggs");
  expect(screen.getByText("4 lines pasted")).toBeTruthy();
  await user.click(screen.getByRole("button", { name: "Add 4 tasks, one per line" }));
  expect(onCreateMany.mock.calls[0]?.[0]).toEqual([
    { title: "Milk", due_at: "2026-11-19T22:59:00.000Z", newLabels: [] },
    { title: "Bread", priority: "low", newLabels: [] },
    { title: "heute", newLabels: [] },
    { title: "Eggs", newLabels: [] },
  ]);
  await user.paste("one\ntwo");
  await user.click(screen.getByRole("button", { name: "Put them in one line" }));
  expect(field.value).toBe("one two");
});

it("gives back what was typed when it could not be added", async () => {
  const onCreate = vi.fn(() => Promise.reject(new Error("no")));
  const { field, user } = start({ onCreate });
  put(field, "Call Bob tomorrow");
  await user.keyboard("{Enter}");
  await waitFor(() => expect(field.value).toBe("Call Bob tomorrow"));
  expect(screen.getByRole("alert").textContent).toContain("could not be added");
});

it("has no findings of axe", async () => {
  const { field, container } = start();
  put(field, "Fix tomorrow @nobody +neu !h #a");
  const { violations } = await axe.run(container, {
    rules: { "color-contrast": { enabled: false } },
  });
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
});
