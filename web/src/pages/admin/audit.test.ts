import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import admin from "@/locales/en/admin.json";
import { sentence } from "./audit";

let t: TFunction;
beforeAll(async () => {
  t = await i18next.init({
    lng: "en",
    resources: { en: { admin } },
    ns: ["admin"],
    defaultNS: "admin",
    interpolation: { escapeValue: false },
  });
});

const names: Record<string, string> = { a: "Ada", b: "Bob" };
const say = (
  action: string,
  detail: Record<string, unknown> = {},
  target_id: string | null = "b",
) => sentence({ action, actor_id: "a", target_id, detail }, t, (id) => names[id]);

describe("sentences of the audit", () => {
  it("say who did what to whom", () => {
    expect(say("user.deleted")).toBe("Ada erased the account of Bob.");
    expect(say("user.updated", { role: ["user", "admin"] })).toBe(
      "Ada gave Bob the role Administrator.",
    );
    expect(say("user.updated", { is_active: [true, false] })).toBe("Ada deactivated Bob.");
  });

  it("say all that was changed at once", () => {
    const said = say("user.updated", { role: ["admin", "user"], is_active: [false, true] });
    expect(said).toContain("the role User");
    expect(said).toContain("activated Bob");
  });

  it("tell looking at all from searching", () => {
    expect(say("users.listed", { searched: false }, null)).toBe(
      "Ada looked at the list of accounts.",
    );
    expect(say("users.listed", { searched: true }, null)).toBe("Ada searched the accounts.");
  });

  it("keep the word of what is not known here, and of whom", () => {
    expect(say("planet.moved", {}, null)).toContain("planet.moved");
    const entry = { action: "user.viewed", actor_id: null, target_id: "0123-xyz", detail: {} };
    expect(sentence(entry, t, () => undefined)).toContain("0123-xyz");
  });
});
