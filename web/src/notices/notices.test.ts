// @vitest-environment jsdom
import { notificationsStore } from "@mantine/notifications";
import type { ReactElement } from "react";
import { assert, expect, it } from "vitest";
import { tell } from ".";

it("takes back once, however often its button is pressed", async () => {
  let undone = 0;
  await tell({
    text: "Deleted",
    undo: () => {
      undone += 1;
    },
  });
  const [notice] = notificationsStore.getState().notifications;
  assert(notice !== undefined);
  const { undo } = (notice.message as ReactElement<{ undo: () => void }>).props;
  undo();
  undo();
  expect(undone).toBe(1);
});
