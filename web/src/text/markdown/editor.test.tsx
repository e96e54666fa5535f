// @vitest-environment jsdom
import { cleanup, fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { show, startForTests } from "@/parts/testing";
import { MarkdownEditor, type MarkdownEditorProps } from "./MarkdownEditor";

const kept = new Map<string, string>();
const drafts = {
  get: async (key: string) => kept.get(key),
  set: async (key: string, text: string) => kept.set(key, text),
  remove: async (key: string) => kept.delete(key),
};
const MEMBERS = [
  { user_id: "u1", name: "Ada Lovelace", email: "ada@example.com" },
  { user_id: "u2", name: "Hopper, Grace", email: null },
];

// Whole components on a machine that has other things to do.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });
beforeAll(() => startForTests("markdown", "parts"));
beforeEach(() => kept.clear());
afterEach(cleanup);

function edit(props: Partial<MarkdownEditorProps> = {}) {
  const onSubmit = vi.fn();
  show(
    <MarkdownEditor
      label="Comment"
      onSubmit={onSubmit}
      draftKey="k"
      drafts={drafts}
      members={MEMBERS}
      {...props}
    />,
  );
  return {
    onSubmit,
    field: screen.getByRole("textbox", { name: "Comment" }) as HTMLTextAreaElement,
  };
}

describe("drafts", () => {
  test("are kept, and come back", async () => {
    const { field } = edit();
    await userEvent.type(field, "half a thought");
    await vi.waitFor(() => expect(kept.get("k")).toBe("half a thought"));
    cleanup();
    const again = edit();
    await vi.waitFor(() => expect(again.field.value).toBe("half a thought"));
    await userEvent.click(screen.getByRole("button", { name: "Discard it" }));
    expect(again.field.value).toBe("");
    expect(kept.has("k")).toBe(false);
  });

  test("are kept when the page is left before the pause", async () => {
    const { field } = edit();
    fireEvent.change(field, { target: { value: "quick" } });
    window.dispatchEvent(new Event("pagehide"));
    expect(kept.get("k")).toBe("quick");
  });

  test("stay when sending fails, and go when it works", async () => {
    const { field, onSubmit } = edit();
    onSubmit.mockRejectedValueOnce(new Error("no"));
    await userEvent.type(field, "text");
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(onSubmit).toHaveBeenCalledExactlyOnceWith("text");
    expect(field.value).toBe("text");
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    await vi.waitFor(() => expect(field.value).toBe(""));
    expect(kept.has("k")).toBe(false);
  });

  test("stay when the editor is cancelled", async () => {
    const onCancel = vi.fn();
    const { field } = edit({ onCancel });
    await userEvent.type(field, "later{Escape}");
    expect(onCancel).toHaveBeenCalledOnce();
    cleanup();
    expect(kept.get("k")).toBe("later");
  });

  test("do not take the place of what is being typed", async () => {
    let answer: (text: string) => void = () => undefined;
    const slow = { ...drafts, get: () => new Promise<string>((resolve) => (answer = resolve)) };
    const { field } = edit({ drafts: slow });
    await userEvent.type(field, "new");
    answer("old");
    await Promise.resolve();
    expect(field.value).toBe("new");
  });
});

describe("mentions", () => {
  test("are suggested and inserted by keyboard", async () => {
    const onCancel = vi.fn();
    const { field } = edit({ onCancel });
    await userEvent.type(field, "ask @");
    expect(screen.getAllByRole("option")).toHaveLength(2);
    expect(screen.getByRole("status").textContent).toContain("2 people");
    await userEvent.keyboard("{ArrowDown}");
    const active = field.getAttribute("aria-activedescendant") ?? "";
    expect(document.getElementById(active)?.textContent).toContain("Hopper");
    await userEvent.keyboard("{Enter}");
    expect(field.value).toBe('ask @"Hopper, Grace" ');
    await userEvent.type(field, "@lov{Tab}");
    expect(field.value).toBe('ask @"Hopper, Grace" @Ada Lovelace ');
    // Who types the blank that is there already does not have two of them.
    await userEvent.keyboard(" or  me");
    expect(field.value).toBe('ask @"Hopper, Grace" @Ada Lovelace or  me');
    expect(screen.queryByRole("listbox")).toBeNull();
  });

  test("Escape closes the list first", async () => {
    const onCancel = vi.fn();
    const { field } = edit({ onCancel });
    await userEvent.type(field, "@ad{Escape}");
    expect(screen.queryByRole("listbox")).toBeNull();
    await userEvent.type(field, "a");
    expect(screen.queryByRole("listbox")).toBeNull();
    expect(onCancel).not.toHaveBeenCalled();
    await userEvent.keyboard("{Escape}");
    expect(onCancel).toHaveBeenCalledOnce();
  });
});

describe("typing", () => {
  test("tools and their keys", async () => {
    const { field } = edit();
    await userEvent.type(field, "one");
    field.setSelectionRange(0, 3);
    await userEvent.keyboard("{Control>}b{/Control}");
    expect(field.value).toBe("**one**");
    await userEvent.click(screen.getByRole("button", { name: "Task list" }));
    expect(field.value).toBe("- [ ] **one**");
    field.setSelectionRange(13, 13);
    await userEvent.keyboard("{Enter}two");
    expect(field.value).toBe("- [ ] **one**\n- [ ] two");
  });

  test("what is too long cannot be sent; halves of characters do not count", async () => {
    const { field, onSubmit } = edit({ longest: 10 });
    fireEvent.change(field, { target: { value: "😀".repeat(10) } });
    expect(screen.getByText("0 characters left")).toBeTruthy();
    expect((screen.getByRole("button", { name: "Save" }) as HTMLButtonElement).disabled).toBe(
      false,
    );
    fireEvent.change(field, { target: { value: "😀".repeat(11) } });
    expect(screen.getByText("1 character too many")).toBeTruthy();
    await userEvent.type(field, "{Control>}{Enter}{/Control}");
    expect(onSubmit).not.toHaveBeenCalled();
  });
});
