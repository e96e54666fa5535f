/** What the tests of quick add share: people, projects, labels, and a Wednesday. */

import { toWall } from "@/time/zone";
import { type Context, type Parsed, parse } from "./index";

export const BERLIN = "Europe/Berlin";
/** Wednesday, 18 November 2026, 10:00 in Berlin. */
export const WEDNESDAY = Date.parse("2026-11-18T09:00:00Z");

const member = (user_id: string, name: string, email: string | null, is_active = true) => ({
  user_id,
  name,
  email,
  is_active,
});

export const CONTEXT: Context = {
  now: WEDNESDAY,
  timeZone: BERLIN,
  language: "en-US",
  me: "me",
  projects: [
    { id: "apollo", name: "Apollo", archived: false },
    { id: "apollo11", name: "Apollo 11", archived: false },
    { id: "launch", name: "Big launch", archived: false },
    { id: "umzug", name: "Umzug & Küche", archived: false },
    { id: "2026", name: "2026", archived: false },
    { id: "old", name: "Old stuff", archived: true },
    { id: "he", name: "פרויקט", archived: false },
  ],
  members: [
    member("me", "Grace Hopper", "grace@example.com"),
    member("ada", "Ada Lovelace", "ada@example.com"),
    member("anna1", "Anna Meyer", "anna.m@example.com"),
    member("anna2", "Anna Schulz", "a.schulz@example.com"),
    member("jurgen", "Jürgen Groß", "jg@example.org"),
    member("gone", "Gone Away", "gone@example.com", false),
  ],
  labels: [
    { id: "urgent", name: "Urgent stuff" },
    { id: "bug", name: "bug" },
    { id: "home", name: "Zuhause" },
  ],
};

/** A parse in one line: title | due, by the clock | what else. */
export function told(parsed: Parsed, zone = BERLIN): string {
  const parts = [parsed.title];
  if (parsed.due_at) {
    const shown = new Date(toWall(Date.parse(parsed.due_at), zone)).toISOString();
    parts.push(shown.endsWith("T23:59:00.000Z") ? shown.slice(0, 10) : shown.slice(0, 16));
  }
  if (parsed.recurrence) parts.push(parsed.recurrence.rule.replace("FREQ=", ""));
  if (parsed.priority) parts.push(`!${parsed.priority}`);
  if (parsed.project) parts.push(`#${parsed.project}`);
  if (parsed.assignee) parts.push(`@${parsed.assignee}`);
  for (const { id, name } of parsed.labels) parts.push(id ? `+${id}` : `+new ${name}`);
  return parts.join(" | ");
}

export const tell = (text: string, more: Partial<Context> = {}): string =>
  told(parse(text, { ...CONTEXT, ...more }), more.timeZone ?? CONTEXT.timeZone);
