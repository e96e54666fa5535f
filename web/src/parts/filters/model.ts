/** What a list of tasks is narrowed to, in which order, and how that stands in an address. */

import { PRIORITIES, type Priority, STATUSES, type Status } from "@/replica/model";
import { isDay } from "@/time/dates";

export const SORTS = [
  "position",
  "number",
  "title",
  "status",
  "priority",
  "due_at",
  "created_at",
  "updated_at",
] as const;
export type SortField = (typeof SORTS)[number];
/** `-` in front for descending. */
export type Sort = SortField | `-${SortField}`;

export const COLUMNS = [
  "status",
  "priority",
  "assignee",
  "project",
  "labels",
  "due",
  "created",
  "updated",
] as const;
export type Column = (typeof COLUMNS)[number];

export const GROUPS = ["status", "project", "assignee", "priority", "due"] as const;
export type Group = (typeof GROUPS)[number];

/** `overdue`, `today`, `week`, `none`, or days as `2026-11-01..2026-11-30`, open at either side. */
export type DueFilter = string;
export const DUES = ["overdue", "today", "week", "none"] as const;

/** Several values of one field mean any of them; several fields mean all of them. */
export type Filter = {
  status: readonly Status[];
  priority: readonly Priority[];
  /** Ids of accounts, `me`, `none`. */
  assignee: readonly string[];
  /** Ids, `none`. */
  project: readonly string[];
  label: readonly string[];
  due: DueFilter | null;
  q: string;
  sort: Sort;
  /** Null: those that the page shows by itself. */
  columns: readonly Column[] | null;
  group: Group | null;
};

export const NO_FILTER: Filter = {
  status: [],
  priority: [],
  assignee: [],
  project: [],
  label: [],
  due: null,
  q: "",
  sort: "position",
  columns: null,
  group: null,
};

/** What `useSearch` gives: values that look like numbers have become some. */
export type Search = Record<string, unknown>;

const LONGEST_Q = 500;
const KEYS = Object.keys(NO_FILTER) as (keyof Filter)[];

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";

const list = (value: unknown): string[] => [
  ...new Set(
    (Array.isArray(value) ? value : [value])
      .flatMap((part) => text(part).split(","))
      .filter(Boolean),
  ),
];

const known = <T extends string>(value: unknown, names: readonly T[]): T[] =>
  list(value).filter((name): name is T => names.includes(name as T));

function sortOf(value: unknown): Sort {
  const name = text(value);
  const field = name.startsWith("-") ? name.slice(1) : name;
  return SORTS.includes(field as SortField) ? (name as Sort) : NO_FILTER.sort;
}

/** The days of a range, or null for what is none. */
export function rangeOf(due: DueFilter | null): { from: string | null; to: string | null } | null {
  const parts = due?.split("..");
  if (parts?.length !== 2) return null;
  const [from = "", to = ""] = parts;
  if ((from !== "" && !isDay(from)) || (to !== "" && !isDay(to)) || from + to === "") return null;
  return { from: from || null, to: to || null };
}

function dueOf(value: unknown): DueFilter | null {
  const due = text(value);
  return DUES.includes(due as never) || rangeOf(due) !== null ? due : null;
}

/** The filter of an address; what is not understood is as if it were not there. */
export function readFilter(search: Search): Filter {
  return {
    status: known(search.status, STATUSES),
    priority: known(search.priority, PRIORITIES),
    assignee: list(search.assignee),
    project: list(search.project),
    label: list(search.label),
    due: dueOf(search.due),
    q: text(search.q).slice(0, LONGEST_Q),
    sort: sortOf(search.sort),
    columns: search.columns === undefined ? null : known(search.columns, COLUMNS),
    group: known(search.group, GROUPS)[0] ?? null,
  };
}

/** What of an address says `filter`; nothing where it says nothing. */
export function writeFilter(filter: Filter): Record<string, string> {
  const written: Record<string, string> = {};
  for (const key of KEYS) {
    const value = filter[key];
    if (value === null || value === NO_FILTER[key]) continue;
    if (typeof value === "string") written[key] = value;
    else if (value.length > 0 || key === "columns") written[key] = value.join(",") || "-";
  }
  return written;
}

/** The search of an address with `filter` in the place of its own; what else stands there stays. */
export function withFilter(search: Search, filter: Filter): Search {
  const others = Object.entries(search).filter(([key]) => !KEYS.includes(key as keyof Filter));
  return { ...Object.fromEntries(others), ...writeFilter(filter) };
}

/** A filter as a query: `status=pending,in_progress&sort=-due_at`, as saved filters keep it. */
export const toQuery = (filter: Filter): string =>
  new URLSearchParams(writeFilter(filter)).toString().replaceAll("%2C", ",");

export const fromQuery = (query: string): Filter =>
  readFilter(Object.fromEntries(new URLSearchParams(query)));

/** Whether it leaves anything out; order, columns and groups do not. */
export const narrows = (filter: Filter): boolean =>
  filter.q.trim() !== "" ||
  filter.due !== null ||
  [filter.status, filter.priority, filter.assignee, filter.project, filter.label].some(
    (values) => values.length > 0,
  );

/** `filter` in the same order and shape, leaving nothing out. */
export const cleared = (filter: Filter): Filter => ({
  ...NO_FILTER,
  sort: filter.sort,
  columns: filter.columns,
  group: filter.group,
});

/** `values` with `value`, or without it where it is there. */
export const toggled = <T>(values: readonly T[], value: T): T[] =>
  values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
