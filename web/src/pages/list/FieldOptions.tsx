import { Menu, TextInput } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { Column, Names } from "@/parts/filters";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { PriorityIcon } from "@/parts/PriorityIcon";
import { StatusIcon } from "@/parts/StatusBadge";
import { type Patch, PRIORITIES, STATUSES, type Task } from "@/replica/model";
import { nowMs } from "@/time/clock";
import { addDays, dayOf, dayOfIso, dueOn, isDay, moveToDay, startOfWeek } from "@/time/dates";
import { formatDay } from "@/time/format";
import classes from "./list.module.css";

export type EditableColumn = Exclude<Column, "created" | "updated">;

type Option = {
  key: string;
  label: string;
  hint?: string;
  icon?: ReactNode;
  on: boolean;
  patch: (task: Task) => Patch;
};

type Props = {
  column: EditableColumn;
  /** What the choice is for. */
  tasks: readonly Task[];
  names: Names;
  zone: string;
  locale: string;
  onPatch: (patchOf: (task: Task) => Patch) => void;
};

const MANY = 8;
const MOST_SHOWN = 60;

const dot = (color: string | null) => (
  <span className={classes.dot} style={{ background: color ?? undefined }} aria-hidden />
);

/** Labels: what all of them bear is taken away, anything else is given to all. */
function labelOptions(tasks: readonly Task[], names: Names): Option[] {
  return names.labels.map(({ id, name, color }) => {
    const on = tasks.length > 0 && tasks.every((task) => task.label_ids.includes(id));
    const without = (task: Task) => task.label_ids.filter((one) => one !== id);
    return {
      key: id,
      label: name,
      icon: dot(color),
      on,
      patch: (task) => ({ label_ids: on ? without(task) : [...without(task), id] }),
    };
  });
}

function useOptions({ column, tasks, names, zone, locale }: Omit<Props, "onPatch">): Option[] {
  const { t } = useTranslation(["list", "parts"]);
  return useMemo(() => {
    const all = (test: (task: Task) => boolean) => tasks.length > 0 && tasks.every(test);
    switch (column) {
      case "status":
        return STATUSES.map((status) => ({
          key: status,
          label: t(`parts:status.${status}`),
          icon: <StatusIcon status={status} />,
          on: all((task) => task.status === status),
          patch: () => ({ status }),
        }));
      case "priority":
        return PRIORITIES.map((priority) => ({
          key: priority,
          label: t(`parts:priority.${priority}`),
          icon: <PriorityIcon priority={priority} decorative />,
          on: all((task) => task.priority === priority),
          patch: () => ({ priority }),
        }));
      case "assignee":
        return [
          { user_id: null, name: t("list:none.assignee") },
          ...names.members.filter(({ placeholder }) => !placeholder),
        ].map(({ user_id, name }) => ({
          key: user_id ?? "none",
          label: name,
          icon: user_id && <PersonAvatar id={user_id} name={name} size={20} decorative />,
          on: all((task) => task.assignee_id === user_id),
          patch: () => ({ assignee_id: user_id }),
        }));
      case "project":
        return [
          { id: null, name: t("list:none.project"), color: null },
          ...names.projects.filter(({ archived }) => !archived),
        ].map(({ id, name, color }) => ({
          key: id ?? "none",
          label: name,
          icon: id && dot(color),
          on: all((task) => task.project_id === id),
          patch: () => ({ project_id: id }),
        }));
      case "labels":
        return labelOptions(tasks, names);
      case "due": {
        const today = dayOf(nowMs(), zone);
        const days = [
          ["today", today],
          ["tomorrow", addDays(today, 1)],
          ["nextWeek", addDays(startOfWeek(today, 1), 7)],
        ] as const;
        return [
          ...days.map(([key, day], i) => ({
            key,
            label: t(`list:due.${key}`),
            hint: formatDay(day, locale, "date"),
            // On a Sunday two of them are the same day, which is then tomorrow.
            on:
              days.findIndex(([, other]) => other === day) === i &&
              all((task) => task.due_at !== null && dayOfIso(task.due_at, zone) === day),
            patch: (task: Task) => ({ due_at: moveToDay(task.due_at, day, zone) }),
          })),
          {
            key: "none",
            label: t("list:none.due"),
            on: all((task) => task.due_at === null),
            patch: () => ({ due_at: null }),
          },
        ];
      }
    }
  }, [column, tasks, names, zone, locale, t]);
}

/** What a field can become, as items of a menu. */
export function FieldOptions(props: Props) {
  const { column, tasks, zone, onPatch } = props;
  const { t } = useTranslation("list");
  const options = useOptions(props);
  const [typed, setTyped] = useState("");
  const wanted = typed.trim().toLowerCase();
  const shown = options.filter((one) => one.label.toLowerCase().includes(wanted));
  const several = column === "labels";
  const day = tasks.length === 1 && tasks[0]?.due_at ? dayOfIso(tasks[0].due_at, zone) : "";
  return (
    <>
      {options.length > MANY && (
        <Menu.Search
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          aria-label={t("find")}
          placeholder={t("find")}
        />
      )}
      <div role="menu" aria-label={t(`column.${column}`)} tabIndex={-1} className={classes.options}>
        {shown.slice(0, MOST_SHOWN).map((one) => (
          <Menu.CheckboxItem
            key={one.key}
            checked={one.on}
            closeMenuOnClick={!several}
            onChange={() => onPatch(one.patch)}
            rightSection={one.hint ? <span className={classes.hint}>{one.hint}</span> : one.icon}
          >
            <bdi>{one.label}</bdi>
          </Menu.CheckboxItem>
        ))}
        {shown.length === 0 && (
          <Menu.Label>{t(column === "labels" ? "none.labels" : "none.found")}</Menu.Label>
        )}
      </div>
      {column === "due" && (
        <TextInput
          type="date"
          size="xs"
          className={classes.date}
          label={t("due.day")}
          value={day}
          onChange={(event) => {
            const next = event.currentTarget.value;
            if (!isDay(next) || next < "1970") return;
            onPatch((task) => ({
              due_at: task.due_at === null ? dueOn(next, zone) : moveToDay(task.due_at, next, zone),
            }));
          }}
        />
      )}
    </>
  );
}
