import { expect, it } from "vitest";
import type { Workspace } from "@/replica/model";
import { oneOf } from "./lastWorkspace";

const mine = [{ id: "personal" }, { id: "crew" }] as Workspace[];

it("never chooses a workspace that is not offered: one may only read the one that is open", () => {
  expect(oneOf(mine, "crew")).toBe("crew");
  expect(oneOf(mine, "read only")).toBe("personal");
  expect(oneOf([], "crew")).toBe("");
});
