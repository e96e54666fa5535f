import { Button, Skeleton } from "@mantine/core";
import { useLocalStorage, useMediaQuery } from "@mantine/hooks";
import { IconCalendar } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { EmptyState } from "@/parts/EmptyState";
import {
  cleared,
  FilterBar,
  narrows,
  useFilter,
  useFiltered,
  useMinute,
  useNames,
} from "@/parts/filters";
import { usePageTitle } from "@/parts/pageTitle";
import { useShortcuts } from "@/parts/shortcuts";
import { updateTask } from "@/replica/actions";
import { can, useLanguage, useRole, useView, useWorkspaceId, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { type DayKey, dayOf } from "@/time/dates";
import { formatDay, localeFor, weekStartOf } from "@/time/format";
import { Agenda } from "./Agenda";
import styles from "./calendar.module.css";
import { type Calendar, CalendarContext } from "./context";
import { DayDialog } from "./DayDialog";
import {
  type Days,
  daysOf,
  daysWith,
  NO_DAYS,
  readDay,
  readShown,
  type Shown,
  turned,
} from "./days";
import { Month } from "./Month";
import { MoveDialog } from "./MoveDialog";
import { patchOf, type Target } from "./moves";
import { Toolbar } from "./Toolbar";

const NARROW = "(max-width: 48em)";
const NOBODY: readonly never[] = [];

type Asked = { move: string } | { day: DayKey; add: boolean } | null;

/** The tasks of a workspace on the days on which they are due. */
export function CalendarPage() {
  const { t } = useTranslation("calendar");
  usePageTitle(t("title"));
  const workspaceId = useWorkspaceId();
  const view = useView(workspaceId);
  const [filter, setFilter] = useFilter();
  const { tasks, text } = useFiltered(view, filter);
  const narrow = useMediaQuery(NARROW, false, { getInitialValueInEffect: false });
  const [asked, setAsked] = useAsked();
  const [trayOpen, setTrayOpen] = useLocalStorage({
    key: "tidework.calendar.tray",
    defaultValue: true,
  });
  const trayId = useId();
  const calendar = useShared(workspaceId, setAsked);
  const { zone, locale, today } = calendar;
  const weekStart = weekStartOf(locale);
  const days = useDays(tasks, zone);
  const { day, shown, show } = useShown(today);
  const turn = (by: number) => show({ day: turned(day, shown, by) });
  const title = useTitle(day, shown, weekStart, locale);

  const move = (task: Task, target: Target) => {
    const patch = patchOf(task, target, zone);
    if (patch === null) {
      if (target === "none" && task.due_at !== null) void tell({ text: t("notice.repeats") });
      return;
    }
    const where = target === "none" ? "" : formatDay(target, locale, "dateLong");
    const notice = t(target === "none" ? "notice.undated" : "notice.moved", {
      title: task.title,
      day: where,
    });
    updateTask(workspaceId, task, patch, notice);
  };

  const focusedTask = () => (document.activeElement as HTMLElement | null)?.dataset.task;
  useShortcuts(t("title"), [
    { keys: "t", label: t("turn.today"), run: () => show({ day: today }) },
    { keys: "n", label: t(`turn.${shown}After`), run: () => turn(1) },
    { keys: "p", label: t(`turn.${shown}Before`), run: () => turn(-1) },
    {
      keys: "v",
      label: t("shown.switch"),
      run: () => show({ shown: shown === "month" ? "week" : "month" }),
    },
    {
      keys: "m",
      label: t("move.short"),
      run: () => {
        const id = focusedTask();
        if (id !== undefined && calendar.editable) setAsked({ move: id });
      },
    },
  ]);

  const loading = view.state === "loading" && tasks.length === 0;
  const moved = asked !== null && "move" in asked ? view.tasks.get(asked.move) : undefined;
  return (
    <CalendarContext value={calendar}>
      <div className={styles.page}>
        <Toolbar
          title={title}
          shown={shown}
          tray={
            narrow ? null : { id: trayId, open: trayOpen, toggle: () => setTrayOpen(!trayOpen) }
          }
          onShown={(next) => show({ shown: next })}
          onTurn={turn}
          onToday={() => show({ day: today })}
        />
        <FilterBar
          view={view}
          filter={filter}
          onChange={setFilter}
          count={tasks.length}
          text={text}
        />
        {!loading && tasks.length === 0 && (
          <Nothing
            filtered={narrows(filter)}
            editable={calendar.editable}
            onClear={() => setFilter(cleared)}
          />
        )}
        {loading ? (
          <Skeleton className={styles.skeleton} role="status" aria-label={t("loading")} />
        ) : narrow ? (
          <Agenda days={daysOf(day, shown, weekStart)} on={days} label={title} />
        ) : (
          <Month
            day={day}
            shown={shown}
            weekStart={weekStart}
            days={days}
            label={title}
            trayId={trayOpen ? trayId : null}
            current={(id) => view.tasks.get(id)}
            onDay={(next) => show({ day: next })}
            onMove={move}
          />
        )}
      </div>
      {asked !== null && "day" in asked && (
        <DayDialog
          workspaceId={workspaceId}
          day={asked.day}
          tasks={days.on.get(asked.day) ?? NOBODY}
          add={asked.add}
          onOpen={(number) => calendar.open({ number } as Task)}
          onClose={() => setAsked(null)}
        />
      )}
      {moved !== undefined && (
        <MoveDialog
          task={moved}
          onMove={(target) => {
            setAsked(null);
            move(moved, target);
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </CalendarContext>
  );
}

/** Which dialog is open. What had the focus before has it after, or the task that went elsewhere. */
function useAsked() {
  const [asked, setAsked] = useState<Asked>(null);
  const before = useRef<HTMLElement | null>(null);
  const ask = useCallback((next: Asked) => {
    if (next !== null) {
      // A dialog in another's place goes back to where that was opened.
      const active = document.activeElement as HTMLElement | null;
      if (active?.closest("[role=dialog]") === null) before.current = active;
    }
    setAsked(next);
  }, []);
  const last = useRef<Asked>(null);
  useEffect(() => {
    const closed = asked === null ? last.current : null;
    last.current = asked;
    if (closed === null) return;
    const frame = requestAnimationFrame(() => {
      if (document.activeElement !== document.body) return;
      const name = "move" in closed ? `[data-task="${closed.move}"]` : `[data-day="${closed.day}"]`;
      const back = before.current?.isConnected ? before.current : document.querySelector(name);
      (back as HTMLElement | null)?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [asked]);
  return [asked, ask] as const;
}

/** What the address says is shown, and how to show something else. */
function useShown(today: DayKey) {
  const search = useSearch({ strict: false }) as Record<string, unknown>;
  const navigate = useNavigate();
  const [day, shown] = [readDay(search.day, today), readShown(search.view)];
  const show = (next: { day?: DayKey; shown?: Shown }) => {
    const to = next.day ?? day;
    const wanted = {
      day: to === today ? undefined : to,
      view: (next.shown ?? shown) === "week" ? "week" : undefined,
    };
    void navigate({
      to: ".",
      search: ((before: object) => ({ ...before, ...wanted })) as never,
      resetScroll: false,
    });
  };
  return { day, shown, show };
}

function useTitle(day: DayKey, shown: Shown, weekStart: number, locale: string): string {
  if (shown === "month") return formatDay(day, locale, "month");
  const week = daysOf(day, "week", weekStart);
  const [first = day, last = day] = [week[0], week[6]];
  return `${formatDay(first, locale, "date")} – ${formatDay(last, locale, "dateYear")}`;
}

/** The tasks by day; lists that have not changed stay the same objects. */
function useDays(tasks: readonly Task[], zone: string): Days {
  const before = useRef<Days>(NO_DAYS);
  const days = useMemo(() => daysWith(tasks, zone, before.current), [tasks, zone]);
  useEffect(() => {
    before.current = days;
  }, [days]);
  return days;
}

function useShared(workspaceId: string, ask: (asked: Asked) => void): Calendar {
  const { t } = useTranslation("calendar");
  const view = useView(workspaceId);
  const { member } = useNames(view);
  const [zone, language, now, navigate] = [useZone(), useLanguage(), useMinute(), useNavigate()];
  const editable = can.edit(useRole(workspaceId));
  const { pending } = view;
  return useMemo(
    () => ({
      names: { member },
      zone,
      language,
      locale: localeFor(language),
      now,
      today: dayOf(now, zone),
      editable,
      pending,
      linkTo: (number) => `/w/${workspaceId}/t/${number}`,
      open: ({ number }) => {
        if (number === 0) return void tell({ text: t("unsent") });
        ask(null);
        void navigate({
          to: ".",
          search: ((search: object) => ({ ...search, task: number })) as never,
          resetScroll: false,
        });
      },
      askMove: (task) => ask({ move: task.id }),
      showDay: (day, add) => ask({ day, add }),
    }),
    [member, zone, language, now, editable, pending, workspaceId, navigate, ask, t],
  );
}

type NothingProps = { filtered: boolean; editable: boolean; onClear: () => void };

function Nothing({ filtered, editable, onClear }: NothingProps) {
  const { t } = useTranslation("calendar");
  return filtered ? (
    <EmptyState
      icon={<IconCalendar />}
      title={t("empty.filtered")}
      action={
        <Button variant="light" onClick={onClear}>
          {t("empty.clear")}
        </Button>
      }
    />
  ) : (
    <EmptyState
      icon={<IconCalendar />}
      title={t("empty.title")}
      text={t(editable ? "empty.text" : "empty.textRead")}
    />
  );
}
