// @vitest-environment jsdom
import { onlineManager, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "@/api/queries";
import { show, startForTests } from "@/parts/testing";
import { InboxPage } from "./InboxPage";

const server = vi.hoisted(() => ({ ask: (): unknown => null }));
const own = vi.hoisted(() => ({
  workspaces: () => [{ id: "mine" }],
  loadWorkspaces: vi.fn(async () => {}),
}));
vi.mock("@/api/client", () => ({
  api: { GET: async () => server.ask() },
  data: (answer: unknown) => answer,
}));
vi.mock("@tanstack/react-router", () => ({ Link: () => null }));
vi.mock("@/replica/store", () => ({ store: () => own }));
vi.mock("@/replica/hooks", () => ({
  useLanguage: () => "en",
  useZone: () => "UTC",
  useWorkspaces: () => [],
  useLooking: () => {},
  useConnection: () => ({ live: false }),
}));

beforeAll(() => startForTests("common", "inbox", "parts"));
afterEach(() => {
  cleanup();
  queryClient.clear();
  onlineManager.setOnline(true);
  own.loadWorkspaces.mockClear();
});

const showInbox = () =>
  show(
    <QueryClientProvider client={queryClient}>
      <InboxPage />
    </QueryClientProvider>,
  );

test("without a network it says what it needs, and no number", async () => {
  onlineManager.setOnline(false);
  server.ask = () => {
    throw new TypeError("Failed to fetch");
  };
  showInbox();
  await screen.findByRole("heading", { name: "The inbox needs a network" }, { timeout: 8_000 });
  expect(document.body.textContent).not.toContain("0 unread");
}, 15_000);

test("what tells of an unknown workspace has the workspaces asked for", async () => {
  const told = (workspace_id: string) => () => ({
    items: [{ id: "n", kind: "added", workspace_id, task_id: null, data: {}, read_at: null }],
    unread_count: 1,
    next_cursor: null,
  });
  server.ask = told("mine");
  showInbox();
  await screen.findByText("1 unread notification");
  expect(own.loadWorkspaces).not.toHaveBeenCalled();
  server.ask = told("new");
  await queryClient.invalidateQueries({ queryKey: ["inbox", "unread"] });
  await waitFor(() => expect(own.loadWorkspaces).toHaveBeenCalledTimes(1));
});
