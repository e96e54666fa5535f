// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Conflict, Priority } from "@/replica/model";
import { ConflictDialog } from "./ConflictDialog";
import { DueDate } from "./DueDate";
import { DuePicker } from "./DuePicker";
import { ErrorBoundary } from "./ErrorBoundary";
import { LabelPicker } from "./LabelPicker";
import { PersonPicker } from "./PersonPicker";
import { PriorityPicker } from "./PriorityPicker";
import { RecurrencePicker } from "./RecurrencePicker";
import { StatusPicker } from "./StatusPicker";
import { listenToKeys, useShortcuts } from "./shortcuts";
import { show, startForTests } from "./testing";

// Whole components on a machine that has other things to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
beforeAll(() => startForTests("parts"));
afterEach(cleanup);

type EditableProps = { onEdit: () => void; onChange: (value: Priority) => void };

function Editable({ onEdit, onChange }: EditableProps) {
  useShortcuts("page", [{ keys: "e", label: "edit", run: onEdit }]);
  return <PriorityPicker value="low" onChange={onChange} />;
}

describe("pickers by keyboard", () => {
  test("a short list", async () => {
    const onChange = vi.fn();
    show(<StatusPicker value="pending" onChange={onChange} />);
    await userEvent.tab();
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Status: To do");
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    expect(onChange).toHaveBeenCalledExactlyOnceWith("in_progress");
  });

  test("letters typed in the list go to what begins with them, and are nobody else's", async () => {
    const [onChange, edit] = [vi.fn(), vi.fn()];
    const end = listenToKeys();
    show(<Editable onEdit={edit} onChange={onChange} />);
    await userEvent.tab();
    await userEvent.keyboard("{Enter}me");
    const target = screen.getByRole("combobox");
    const medium = screen.getByRole("option", { name: "Medium" });
    expect(target.getAttribute("aria-activedescendant")).toBe(medium.id);
    await userEvent.keyboard("{Enter}");
    end();
    expect(onChange).toHaveBeenCalledExactlyOnceWith("medium");
    expect(edit).not.toHaveBeenCalled();
  });

  test("a long one is searched", async () => {
    const onChange = vi.fn();
    const members = Array.from({ length: 30 }, (_, i) => ({
      user_id: `u${i}`,
      name: `Person ${String.fromCharCode(65 + i)}`,
      email: null,
      is_active: i !== 3,
    }));
    show(<PersonPicker members={members} value={null} onChange={onChange} me="u7" />);
    await userEvent.tab();
    await userEvent.keyboard("{Enter}");
    const search = await screen.findByRole("combobox", { name: /type to find/ });
    const options = () => screen.getAllByRole("option").map((one) => one.textContent);
    expect(options()[1]).toContain("Person H (me)");
    expect(options().some((one) => one?.includes("Person D"))).toBe(false);
    await userEvent.type(search, "person c{Enter}");
    expect(onChange).toHaveBeenCalledExactlyOnceWith("u2");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Assignee: Nobody");
  });

  test("several labels, and a new one", async () => {
    const labels = [
      { id: "a", name: "alpha", color: "#123456" },
      { id: "b", name: "beta", color: null },
    ];
    const onChange = vi.fn();
    const onCreate = vi.fn();
    show(<LabelPicker labels={labels} values={["a"]} onChange={onChange} onCreate={onCreate} />);
    await userEvent.tab();
    await userEvent.keyboard("{Enter}");
    const search = await screen.findByRole("combobox", { name: /type to find/ });
    await userEvent.type(search, "bet{Enter}");
    expect(onChange).toHaveBeenLastCalledWith(["a", "b"]);
    await userEvent.type(search, "ALPHA{Enter}");
    expect(onChange).toHaveBeenLastCalledWith([]);
    await userEvent.type(search, " gamma {Enter}");
    expect(onCreate).toHaveBeenCalledExactlyOnceWith("gamma");
  });
});

describe("due dates", () => {
  const where = { timeZone: "Europe/Berlin", language: "en" };

  test("what is overdue says so in words", () => {
    show(<DueDate iso="2020-01-02T22:59:00Z" {...where} />);
    expect(screen.getByRole("img", { name: "Overdue" })).toBeTruthy();
    cleanup();
    show(<DueDate iso="2020-01-02T22:59:00Z" {...where} closed />);
    expect(screen.queryByRole("img", { name: "Overdue" })).toBeNull();
    cleanup();
    show(<DueDate iso="2020-01-02T22:59:00Z" {...where} icon={false} />);
    expect(document.querySelector("time")?.textContent).toBe("Overdue: Jan 2, 2020");
  });

  test("another day keeps the time of day", async () => {
    const onChange = vi.fn();
    show(<DuePicker value="2026-03-28T13:00:00Z" onChange={onChange} {...where} />);
    await userEvent.click(screen.getByRole("button", { name: /^Due:/ }));
    const day = await screen.findByRole("button", { name: "29 March 2026" }, { timeout: 8_000 });
    await userEvent.click(day);
    // 14:00 in Berlin, where the clocks change in that night.
    expect(onChange).toHaveBeenCalledExactlyOnceWith("2026-03-29T12:00:00.000Z");
  }, 15_000);

  test("without a time it is due at the end of the day, and none is none", async () => {
    const onChange = vi.fn();
    show(<DuePicker value="2026-03-28T22:59:00Z" onChange={onChange} {...where} />);
    await userEvent.click(screen.getByRole("button", { name: /^Due:/ }));
    await userEvent.click(await screen.findByRole("button", { name: "None" }));
    expect(onChange).toHaveBeenCalledExactlyOnceWith(null);
  });
});

describe("recurrence", () => {
  const given = { timeZone: "Europe/Berlin", language: "en" };

  test("is chosen in words", async () => {
    const onChange = vi.fn();
    show(
      <RecurrencePicker value={null} dueAt="2026-11-23T08:00:00Z" onChange={onChange} {...given} />,
    );
    await userEvent.click(screen.getByRole("combobox", { name: /^Repeats/ }));
    await userEvent.click(await screen.findByRole("option", { name: "Every week on Monday" }));
    expect(onChange).toHaveBeenCalledExactlyOnceWith({
      rule: "FREQ=WEEKLY;BYDAY=MO",
      from: "due",
      time_zone: "Europe/Berlin",
      time: null,
    });
  });

  test("takes a rule of one's own when it is one", async () => {
    const onChange = vi.fn();
    show(
      <RecurrencePicker value={null} dueAt="2026-11-23T08:00:00Z" onChange={onChange} {...given} />,
    );
    await userEvent.click(screen.getByRole("combobox", { name: /^Repeats/ }));
    await userEvent.click(await screen.findByRole("option", { name: /of your own/ }));
    const field = await screen.findByRole("textbox", { name: "Rule (RRULE)" });
    await userEvent.clear(field);
    await userEvent.type(field, "FREQ=MINUTELY{Enter}");
    expect(onChange).not.toHaveBeenCalled();
    await userEvent.clear(field);
    await userEvent.type(field, "freq=daily;interval=3{Enter}");
    expect(onChange.mock.lastCall?.[0]).toMatchObject({ rule: "FREQ=DAILY;INTERVAL=3" });
  });

  test("wants a due date", () => {
    show(<RecurrencePicker value={null} dueAt={null} onChange={vi.fn()} {...given} />);
    const button = screen.getByRole("combobox", { name: /Set a due date first/ });
    expect((button as HTMLButtonElement).disabled).toBe(true);
  });
});

test("conflicts are decided field by field", async () => {
  const conflicts: Conflict[] = [
    { taskId: "t", field: "title", mine: "Mine <b>", theirs: "Theirs" },
    { taskId: "t", field: "assignee_id", mine: "u1", theirs: null },
    { taskId: "t", field: "description", mine: "a\nx\nc", theirs: "a\nb\nc" },
  ];
  const names = {
    person: (id: string) => (id === "u1" ? "Ada" : undefined),
    project: () => undefined,
    label: () => undefined,
    task: () => undefined,
  };
  const onResolve = vi.fn();
  show(
    <ConflictDialog
      conflicts={conflicts}
      title="A task"
      names={names}
      timeZone="UTC"
      language="en"
      onResolve={onResolve}
      onClose={vi.fn()}
    />,
  );
  const field = (name: string) => within(screen.getByRole("group", { name }));
  const save = screen.getByRole("button", { name: "Save the choice" });
  expect(field("Assignee").getByRole("radio", { name: /mine\s*Ada/ })).toBeTruthy();
  expect(field("Description").getByRole("region").textContent).toContain("+ minex");
  await userEvent.click(field("Title").getByRole("radio", { name: /mine/ }));
  await userEvent.click(field("Assignee").getByRole("radio", { name: /theirs/ }));
  expect((save as HTMLButtonElement).disabled).toBe(true);
  await userEvent.click(field("Description").getByRole("radio", { name: /theirs/ }));
  await userEvent.click(save);
  expect(onResolve).toHaveBeenCalledExactlyOnceWith(["mine", "theirs", "theirs"]);
});

let broken = true;

function Broken() {
  if (broken) throw new Error("kaput");
  return <p>fine</p>;
}

test("a page that cannot be drawn says so, and another address tries again", () => {
  const silent = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const page = (address: string) => (
    <MantineProvider env="test">
      <ErrorBoundary resetKey={address}>
        <Broken />
      </ErrorBoundary>
    </MantineProvider>
  );
  const { rerender, container } = render(page("/a"));
  expect(screen.getByRole("alert").textContent).toContain("kaput");
  broken = false;
  rerender(page("/a"));
  expect(screen.getByRole("alert")).toBeTruthy();
  rerender(page("/b"));
  expect(container.textContent).toContain("fine");
  silent.mockRestore();
});
