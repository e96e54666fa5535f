// @vitest-environment jsdom
import { expect, it } from "vitest";
import { adopt, leave, sessionEnded, sessionState } from "./session";

it("tells somebody whose session ended from somebody who left", () => {
  const claims = btoa(JSON.stringify({ sub: "ada" }));
  const tokens = { access_token: `x.${claims}.x`, expires_in: 60, user: { id: "ada" } };
  adopt(tokens);
  leave(true);
  expect([sessionState(), sessionEnded()]).toEqual(["out", true]);
  adopt(tokens);
  expect(sessionEnded()).toBe(false);
  leave();
  expect([sessionState(), sessionEnded()]).toEqual(["out", false]);
});
