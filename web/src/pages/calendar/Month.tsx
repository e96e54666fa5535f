import {
  type CollisionDetection,
  DndContext,
  DragOverlay,
  MouseSensor,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { useDirection } from "@mantine/core";
import { type KeyboardEvent, useCallback, useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { SILENT } from "@/parts/dragging/silent";
import type { Task } from "@/replica/model";
import { type DayKey, dayOfIso } from "@/time/dates";
import { formatDay } from "@/time/format";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";
import { DayGrid } from "./DayGrid";
import { type Days, dayOfKey, type Shown, weeksOf } from "./days";
import type { Target } from "./moves";
import { Tray } from "./Tray";
import { type Carry, useCarry } from "./useCarry";

type Props = {
  day: DayKey;
  shown: Shown;
  weekStart: number;
  days: Days;
  label: string;
  /** The tray's, where it is open. */
  trayId: string | null;
  /** The task as it is now. */
  current: (id: string) => Task | undefined;
  onDay: (day: DayKey) => void;
  onMove: (task: Task, target: Target) => void;
};

const MOUSE = { activationConstraint: { distance: 5 } };
const LONG_PRESS = { activationConstraint: { delay: 220, tolerance: 8 } };

/** The day, or the tray, that is below a point. */
function targetAt(x: number, y: number): Target | null {
  for (const element of document.elementsFromPoint(x, y)) {
    const day = element.closest<HTMLElement>("[data-day]")?.dataset.day;
    if (day !== undefined) return day;
  }
  return null;
}

/** A grid of days with its tray: what pointers and keys do there. */
export function Month(props: Props) {
  const { day, shown, weekStart, days, current, onDay } = props;
  const { t } = useTranslation("calendar");
  const { zone, locale, editable, showDay } = useCalendar();
  const rtl = useDirection().dir === "rtl";
  const root = useRef<HTMLDivElement>(null);
  const { carry, start, to, end } = useCarry();
  const [focused, setFocused] = useState(day);
  const [said, setSaid] = useState("");
  const wanted = useRef<{ day: DayKey; task?: string } | null>(null);
  const pointer = useRef<{ x: number; y: number } | null>(null);
  const visible = weeksOf(day, shown, weekStart).flat();
  const cursor = visible.includes(focused) ? focused : day;

  // The day that the keyboard wants may just have come.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const { day: where, task } = wanted.current;
    const cell = root.current?.querySelector<HTMLElement>(`[data-day="${where}"]`);
    if (!cell) return;
    wanted.current = null;
    (cell.querySelector<HTMLElement>(`[data-task="${task ?? ""}"]`) ?? cell).focus();
  });

  const nameOf = (target: Target) =>
    target === "none" ? t("tray.title") : formatDay(target, locale, "dateLong");

  const go = (next: DayKey, task?: string) => {
    wanted.current = task === undefined ? { day: next } : { day: next, task };
    setFocused(next);
    if (!visible.includes(next)) onDay(next);
  };

  const lift = (task: Task, by: Carry["by"]) => {
    const from = task.due_at === null ? null : dayOfIso(task.due_at, zone);
    start({ taskId: task.id, title: task.title, by, target: from });
    if (by === "pointer") return;
    setSaid(t("said.lifted", { title: task.title }));
    const first = from !== null && visible.includes(from) ? from : cursor;
    to(first);
    go(first);
  };

  const drop = () => {
    const ended = end();
    const task = current(ended?.taskId ?? "");
    if (ended === null || ended.target === null || task === undefined) return;
    setSaid(t("said.dropped", { title: ended.title, day: nameOf(ended.target) }));
    props.onMove(task, ended.target);
    if (ended.by === "keyboard" && ended.target !== "none") go(ended.target, task.id);
  };

  const cancel = () => {
    const ended = end();
    if (ended === null) return;
    setSaid(t("said.cancelled", { title: ended.title }));
    if (ended.by === "keyboard") go(cursor, ended.taskId);
  };

  const carryKey = (event: KeyboardEvent<HTMLElement>, next: DayKey | undefined) => {
    if (event.key === "Tab") return cancel();
    event.preventDefault();
    // Escape also closes what is around.
    event.stopPropagation();
    if (event.key === " " || event.key === "Enter") drop();
    else if (event.key === "Escape") cancel();
    else if (next !== undefined) {
      to(next);
      setSaid(nameOf(next));
      go(next);
    }
  };

  const key = (event: KeyboardEvent<HTMLElement>) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const element = event.target as HTMLElement;
    const next = dayOfKey(event.key, cursor, { rtl, weekStart });
    if (carry?.by === "keyboard") return carryKey(event, next);
    const id = element.dataset.task;
    if (id !== undefined && event.key === " ") {
      event.preventDefault();
      const task = current(id);
      if (task !== undefined && editable) lift(task, "keyboard");
      return;
    }
    const cell = element.closest<HTMLElement>("[role=gridcell]");
    if (cell === null) return;
    if (element === cell && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      showDay(cursor, false);
    } else if (element !== cell && event.key === "Escape") cell.focus();
    else if (element !== cell && /^Arrow(Up|Down)$/.test(event.key)) {
      event.preventDefault();
      withinDay(cell, element, event.key === "ArrowDown" ? 1 : -1);
    } else if (next !== undefined) {
      event.preventDefault();
      go(next);
    }
  };

  // dnd-kit knows where the pointer is; the day below it is found by itself.
  const hold = useCallback<CollisionDetection>(({ pointerCoordinates }) => {
    pointer.current = pointerCoordinates;
    return [];
  }, []);
  const over = () => {
    if (pointer.current !== null) to(targetAt(pointer.current.x, pointer.current.y));
  };

  return (
    <DndContext
      sensors={useSensors(useSensor(MouseSensor, MOUSE), useSensor(TouchSensor, LONG_PRESS))}
      collisionDetection={hold}
      accessibility={SILENT}
      onDragStart={({ active }) => lift(active.data.current?.task as Task, "pointer")}
      onDragMove={over}
      onDragEnd={drop}
      onDragCancel={cancel}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the tasks within */}
      <div
        className={styles.main}
        onKeyDown={key}
        onFocus={({ target }) => {
          const at = target.closest<HTMLElement>("[role=gridcell]")?.dataset.day;
          if (at !== undefined) setFocused(at);
        }}
        onDoubleClick={({ target }) => {
          const at = (target as HTMLElement).dataset.day;
          if (at !== undefined && at !== "none") showDay(at, editable);
        }}
        onPointerDown={() => carry?.by === "keyboard" && cancel()}
      >
        <DayGrid
          day={day}
          shown={shown}
          weekStart={weekStart}
          days={days}
          cursor={cursor}
          carry={carry}
          root={root}
          label={props.label}
        />
        {props.trayId !== null && <Tray tasks={days.undated} carry={carry} id={props.trayId} />}
      </div>
      <DragOverlay dropAnimation={null}>
        {carry?.by === "pointer" && (
          <div className={styles.held} dir="auto">
            {carry.title}
          </div>
        )}
      </DragOverlay>
      <p className={styles.hidden} role="status" aria-live="assertive">
        {said}
      </p>
    </DndContext>
  );
}

/** From one task of a day to the next one; up from the first is the day itself. */
function withinDay(cell: HTMLElement, from: HTMLElement, by: 1 | -1): void {
  const stops = [...cell.querySelectorAll<HTMLElement>("[data-task], [data-more]")];
  const line = from.closest("[data-line]")?.querySelector<HTMLElement>("[data-task]") ?? from;
  const next = stops[stops.indexOf(line) + by];
  if (next !== undefined) next.focus();
  else if (by === -1) cell.focus();
}
