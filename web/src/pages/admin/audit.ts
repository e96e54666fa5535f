/** What the audit says, in sentences. */

import type { TFunction } from "i18next";
import type { Schemas } from "@/api/client";

type Entry = Pick<Schemas["AuditEntry"], "action" | "actor_id" | "target_id"> & {
  detail: Readonly<Record<string, unknown>>;
};

/** Actions that have words of their own; `users.listed` is told by whether it was a search. */
const KNOWN: Readonly<Record<string, string>> = {
  "users.listed": "audit.usersListed",
  "user.viewed": "audit.userViewed",
  "user.deleted": "audit.userDeleted",
  "stats.viewed": "audit.statsViewed",
  "tasks.list": "audit.tasksListed",
  "workspaces.list": "audit.workspacesListed",
};

/** The value after a change; the audit keeps before and after. */
const after = (value: unknown): unknown => (Array.isArray(value) ? value[1] : value);

/** An entry as a sentence. `nameOf` names accounts; what is not known yet is told by its word. */
export function sentence(
  { action, actor_id, target_id, detail }: Entry,
  t: TFunction,
  nameOf: (id: string) => string | undefined,
): string {
  const name = (id: string | null) =>
    id === null ? t("audit.system") : (nameOf(id) ?? t("audit.account", { id: id.slice(-12) }));
  const words = { who: name(actor_id), whom: name(target_id) };
  if (action === "users.listed" && detail.searched === true) {
    return t("audit.usersSearched", words);
  }
  if (action === "user.updated") {
    const parts: string[] = [];
    const role = after(detail.role);
    const active = after(detail.is_active);
    if (role === "admin" || role === "user") {
      parts.push(t("audit.role", { ...words, role: t(`roles.${role}`) }));
    }
    if (typeof active === "boolean") {
      parts.push(t(active ? "audit.activated" : "audit.deactivated", words));
    }
    if (parts.length > 0) return parts.join(" ");
  }
  const known = KNOWN[action];
  return known === undefined ? t("audit.other", { ...words, action }) : t(known, words);
}
