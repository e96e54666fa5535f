import { Button, CloseButton, Menu, Skeleton, TextInput } from "@mantine/core";
import { IconBell, IconPlus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { ErrorNote } from "@/parts/ErrorNote";
import type { Task } from "@/replica/model";
import { nowMs } from "@/time/clock";
import { toIso } from "@/time/dates";
import { formatDueLong, localeFor } from "@/time/format";
import { fromWall, toWall } from "@/time/zone";
import { useSurroundings } from "./context";
import { remindersKey, useReminders } from "./queries";
import { Section } from "./Section";
import styles from "./TaskPanel.module.css";

type Reminder = Schemas["ReminderOut"];
type Wanted = Schemas["ReminderIn"];

const HOUR = 60;
const DAY = 24 * HOUR;
const BEFORE: readonly number[] = [0, 15, HOUR, DAY, 7 * DAY];
// The server takes so many of one task.
const MOST = 20;
const MENU_CLOSES_MS = 250;

/** When the reader wants to be told; nobody else sees it. */
export function Reminders({ task }: { task: Task }) {
  const { t } = useTranslation("task");
  const { workspaceId } = useSurroundings();
  const query = useReminders(workspaceId, task.id);
  const { add, remove } = useReminderWrites(workspaceId, task.id);
  const [custom, setCustom] = useState(false);
  const reminders = query.data ?? [];
  const words = useReminderWords();
  const menu = query.isSuccess && reminders.length < MOST && task.version > 0 && (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={14} aria-hidden />}>
          {t("reminders.add")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {task.due_at !== null &&
          BEFORE.filter((minutes) => !reminders.some((r) => r.offset_minutes === minutes)).map(
            (minutes) => (
              <Menu.Item
                key={minutes}
                onClick={() => void add({ at: null, offset_minutes: minutes })}
              >
                {words({ at: null, offset_minutes: minutes })}
              </Menu.Item>
            ),
          )}
        <Menu.Item onClick={() => setCustom(true)}>{t("reminders.at")}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
  return (
    <Section title={t("reminders.title")} action={menu}>
      {query.isPending && <Skeleton height={20} />}
      {query.isError && <ErrorNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && reminders.length === 0 && !custom && (
        <p className={styles.quiet}>{t("reminders.none")}</p>
      )}
      <ul className={styles.list}>
        {reminders.map((reminder) => (
          <li key={reminder.id} className={styles.item}>
            <IconBell size={16} aria-hidden />
            <span className={styles.space}>
              {words(reminder)}
              {reminder.offset_minutes !== null && task.due_at === null && (
                <> ({t("reminders.waits")})</>
              )}
            </span>
            <CloseButton
              size="sm"
              aria-label={t("reminders.remove", { when: words(reminder) })}
              onClick={() => void remove(reminder)}
            />
          </li>
        ))}
      </ul>
      {custom && (
        <CustomTime
          onSet={(at) => {
            setCustom(false);
            void add({ at, offset_minutes: null });
          }}
          onCancel={() => setCustom(false)}
        />
      )}
    </Section>
  );
}

/** When a reminder comes, in words. */
function useReminderWords(): (reminder: Wanted) => string {
  const { t } = useTranslation("task");
  const { zone, language } = useSurroundings();
  return ({ at, offset_minutes }) => {
    if (at != null) return formatDueLong(at, localeFor(language), zone);
    const minutes = offset_minutes ?? 0;
    if (minutes === 0) return t("reminders.whenDue");
    const unit = minutes % DAY === 0 ? "day" : minutes % HOUR === 0 ? "hour" : "minute";
    const count = minutes / { day: DAY, hour: HOUR, minute: 1 }[unit];
    return t("reminders.before", {
      time: new Intl.NumberFormat(localeFor(language), {
        style: "unit",
        unit,
        unitDisplay: "long",
      }).format(count),
    });
  };
}

type CustomProps = { onSet: (at: string) => void; onCancel: () => void };

/** A moment, typed in the reader's time zone. */
function CustomTime({ onSet, onCancel }: CustomProps) {
  const { t } = useTranslation("task");
  const { zone } = useSurroundings();
  const inAnHour = new Date(toWall(nowMs() + 60 * 60_000, zone)).toISOString().slice(0, 16);
  const [value, setValue] = useState(inAnHour);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // The menu gives the focus back to its button when it has closed.
    const timer = setTimeout(() => field.current?.focus(), MENU_CLOSES_MS);
    return () => clearTimeout(timer);
  }, []);
  const wall = Date.parse(`${value}:00Z`);
  return (
    <form
      className={styles.adding}
      onSubmit={(event) => {
        event.preventDefault();
        if (!Number.isNaN(wall)) onSet(toIso(fromWall(wall, zone)));
      }}
    >
      <TextInput
        type="datetime-local"
        aria-label={t("reminders.when")}
        required
        ref={field}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onCancel();
        }}
      />
      <Button type="submit">{t("save")}</Button>
      <CloseButton aria-label={t("cancel")} onClick={onCancel} />
    </form>
  );
}

function useReminderWrites(workspaceId: string, taskId: string) {
  const { t } = useTranslation("task");
  const client = useQueryClient();
  const path = { w: workspaceId, id: taskId };
  const again = () => client.invalidateQueries({ queryKey: remindersKey(workspaceId, taskId) });
  const add = async (body: Wanted) => {
    try {
      await api.POST("/api/v1/workspaces/{w}/tasks/{id}/reminders", { params: { path }, body });
      await again();
    } catch (error) {
      await fail(error);
    }
  };
  const remove = async (reminder: Reminder) => {
    try {
      await api.DELETE("/api/v1/workspaces/{w}/tasks/{id}/reminders/{reminder_id}", {
        params: { path: { ...path, reminder_id: reminder.id } },
      });
      const { at, offset_minutes } = reminder;
      tell({
        text: t("notice.reminderRemoved"),
        undo: () => void add({ at, offset_minutes }),
      });
      await again();
    } catch (error) {
      await fail(error);
    }
  };
  return { add, remove };
}
