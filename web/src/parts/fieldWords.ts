import type { TFunction } from "i18next";
import type { Field, Recurrence } from "@/replica/model";
import { formatDueLong } from "@/time/format";
import { ruleInWords } from "./recurrence";

/** What ids stand for; undefined for what is gone. */
export type NamesOf = {
  person: (id: string) => string | undefined;
  project: (id: string) => string | undefined;
  label: (id: string) => string | undefined;
  task: (id: string) => string | undefined;
};

export type Wording = { names: NamesOf; locale: string; timeZone: string };

/** The value of a task's field as a person reads it. */
export function fieldInWords(field: Field, value: unknown, t: TFunction, how: Wording): string {
  const { names, locale, timeZone } = how;
  const part = (key: string) => t(key, { ns: "parts" });
  if (field === "label_ids") {
    const named = ((value ?? []) as string[]).map((id) => names.label(id) ?? part("conflict.gone"));
    return named.length > 0 ? new Intl.ListFormat(locale).format(named) : part("label.none");
  }
  if (value === null || value === undefined || value === "") return part("conflict.nothing");
  const text = String(value);
  switch (field) {
    case "status":
      return part(`status.${text}`);
    case "priority":
      return part(`priority.${text}`);
    case "due_at":
      return formatDueLong(text, locale, timeZone);
    case "assignee_id":
      return names.person(text) ?? part("person.gone");
    case "project_id":
      return names.project(text) ?? part("project.gone");
    case "parent_id":
      return names.task(text) ?? part("conflict.gone");
    case "recurrence":
      return ruleInWords((value as Recurrence).rule, t, locale);
    default:
      return text;
  }
}
