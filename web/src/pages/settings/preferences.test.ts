import { expect, it } from "vitest";
import { KINDS, type Preferences, turned } from "./preferences";

const usual = { in_app: true, email: true, push: true, sms: false, chat: false };
const before: Preferences = {
  kinds: Object.fromEntries(KINDS.map((kind) => [kind, usual])) as Preferences["kinds"],
  quiet_hours: null,
  digest_at: null,
  bundle_minutes: 5,
};

it("turns one cell and leaves the rest, and what was, alone", () => {
  const after = turned(before, "commented", "email", false);
  expect(after.kinds.commented).toEqual({ ...usual, email: false });
  expect(after.kinds.assigned).toBe(before.kinds.assigned);
  expect(before.kinds.commented.email).toBe(true);
});
