// @vitest-environment jsdom
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { queryClient } from "@/api/queries";
import { show, startForTests } from "@/parts/testing";
import { ExportPart } from "./ExportPart";

const made = vi.hoisted((): { id: string; format: string; state: string }[] => []);
vi.mock("@/api/client", () => ({
  api: {
    GET: async () => ({ items: [...made] }),
    POST: async (_path: string, { body }: { body: { format: string } }) =>
      made.push({ id: `${made.length}`, format: body.format, state: "waiting" }),
  },
  data: (answer: unknown) => answer,
}));
vi.mock("@/replica/hooks", () => ({
  useLanguage: () => "en",
  useZone: () => "UTC",
  useRole: () => "owner",
  can: { manage: () => true },
}));

beforeAll(() => startForTests("workspace", "parts"));
afterEach(cleanup);

test("a double click makes one export, and another format one more", async () => {
  show(
    <QueryClientProvider client={queryClient}>
      <ExportPart workspaceId="w" />
    </QueryClientProvider>,
  );
  const button = screen.getByRole("button", { name: "Export" });
  await userEvent.dblClick(button);
  await screen.findAllByRole("listitem");
  await userEvent.click(button);
  expect(made.map(({ format }) => format)).toEqual(["csv"]);
  await userEvent.selectOptions(screen.getByRole("combobox"), "ics");
  await userEvent.click(button);
  expect(made.map(({ format }) => format)).toEqual(["csv", "ics"]);
});
