import { useDirection } from "@mantine/core";
import { Suspense, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { useGrip } from "@/parts/dragging/grip";
import { useShortcuts } from "@/parts/shortcuts";
import type { Task } from "@/replica/model";
import { BoardColumn } from "./BoardColumn";
import styles from "./BoardPage.module.css";
import { CardFacts } from "./CardFace";
import type { MenuFor } from "./CardMenu";
import type { By, Column } from "./columns";
import { stepOfKey } from "./keys";
import { type Card, type Landing, landing, neighbourCard, type Place } from "./moves";
import { useColumnName } from "./names";
import { placeAt, type Shown } from "./sizes";
import { type CardActions, cardId } from "./TaskCard";
import { type Lift, useLift } from "./useLift";

export type Drop = { task: Task; from: string; to: string; at: Landing };
type Props = {
  columns: readonly Column[];
  by: By;
  editable: boolean;
  pending: ReadonlySet<string>;
  closed: ReadonlySet<string>;
  /** The task as it is now. */
  current: (id: string) => Task | undefined;
  onToggle: (key: string) => void;
  onOpen: (task: Task) => void;
  onDrop: (drop: Drop) => void;
};

const CardMenu = arriving(() =>
  import("./CardMenu").then(({ CardMenu }) => ({ default: CardMenu })),
);
const DragLayer = arriving(() => import("./DragLayer"));

// Columns that are drawn at once; what is wider scrolls.
const FIRST_COLUMNS = 6;
const PRESSES: ReadonlySet<string> = new Set(["mousedown", "touchstart"]);

export function Board(props: Props) {
  const { by, editable, closed, current, onDrop } = props;
  const { t } = useTranslation("board");
  const { dir } = useDirection();
  const hintId = useId();
  const nameOf = useColumnName(by);
  const { lift, columns, start, to, step, end } = useLift(props.columns);
  const [said, setSaid] = useState("");
  const [menu, setMenu] = useState<MenuFor | null>(null);
  const [focus, setFocus] = useState<Card | null>(null);
  const wanted = useRef<string | null>(null);
  const shown = useRef(new Map<string, Shown>());
  const pressed = useRef<Card | null>(null);
  const { wanted: draggable, take, onReady } = useGrip();
  useShortcuts(t("title"), [
    { keys: "arrows", label: t("keys.go") },
    { keys: "enter", label: t("keys.open") },
    ...(editable
      ? [
          { keys: "space", label: t("keys.lift") },
          { keys: "escape", label: t("keys.leave") },
        ]
      : []),
  ]);

  const say = useCallback(
    (word: "lifted" | "moved" | "dropped" | "cancelled", { card, place }: Lift) => {
      const others = columns.find((column) => column.key === place.column)?.tasks ?? [];
      const extra = others.some((task) => task.id === card.taskId) ? 0 : 1;
      setSaid(
        t(`said.${word}`, {
          title: current(card.taskId)?.title ?? "",
          column: nameOf(place.column),
          position: place.index + 1,
          count: others.length + extra,
        }),
      );
    },
    [columns, current, nameOf, t],
  );

  const move = useCallback(
    (card: Card, place: Place, on: readonly Column[]): boolean => {
      const task = current(card.taskId);
      const at = landing(on, card, place, current);
      if (task === undefined || at === undefined) return false;
      wanted.current = card.taskId;
      setFocus({ column: place.column, taskId: card.taskId });
      onDrop({ task, from: card.column, to: place.column, at });
      return true;
    },
    [current, onDrop],
  );

  const drop = () => {
    const ended = end();
    if (ended === null) return;
    say("dropped", ended.lift);
    move(ended.lift.card, ended.lift.place, ended.columns);
  };
  const cancel = () => {
    const ended = end();
    if (ended !== null) say("cancelled", ended.lift);
  };

  const key = (event: React.KeyboardEvent, card: Card) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const going = stepOfKey(event.key, dir);
    if (lift?.by === "keyboard") {
      if (event.key === "Tab") return cancel();
      event.preventDefault();
      // Escape also closes what is around.
      event.stopPropagation();
      if (event.key === " " || event.key === "Enter") drop();
      else if (event.key === "Escape") cancel();
      else if (going !== undefined) {
        const next = step(going, closed);
        if (next !== undefined) say("moved", next);
      }
      return;
    }
    if (event.key === " ") {
      event.preventDefault();
      if (editable) say("lifted", start(card, "keyboard"));
    } else if (going !== undefined) {
      event.preventDefault();
      const next = neighbourCard(columns, card, going, closed);
      if (next === undefined) return;
      wanted.current = next.taskId;
      setFocus(next);
    }
  };

  // Cards are drawn anew when these change, so they never do; what they call does.
  const latest = useRef({ key, cancel, lift, open: props.onOpen });
  useEffect(() => {
    latest.current = { key, cancel, lift, open: props.onOpen };
  });
  const actions = useMemo<CardActions>(
    () => ({
      open: (task) => latest.current.open(task),
      focused: (card) => setFocus(card),
      key: (event, card) => latest.current.key(event, card),
      left: () => {
        if (latest.current.lift?.by === "keyboard") latest.current.cancel();
      },
      menu: (card, button) => setMenu({ card, button }),
      press: (card, event) => {
        // What a hand passes over on its way is not in it.
        if (PRESSES.has(event.type)) pressed.current = card;
        take({ id: cardId(card), node: event.currentTarget, event });
      },
    }),
    [take],
  );

  const onShown = useCallback((key: string, one: Shown | null) => {
    if (one === null) shown.current.delete(key);
    else shown.current.set(key, one);
  }, []);

  const lifted = () => {
    if (pressed.current !== null) say("lifted", start(pressed.current, "pointer"));
  };
  const over = (x: number, y: number) => {
    if (lift === null) return;
    const place = placeAt(shown.current.values(), x, y, lift.card.taskId);
    if (place !== undefined) to(place);
  };

  const stop = stopOf(columns, focus, closed);
  const held = lift === null ? undefined : current(lift.card.taskId);
  return (
    <>
      <p id={hintId} hidden>
        {t("hint")}
      </p>
      <div className={styles.board} data-dragging={lift?.by === "pointer" || undefined}>
        {columns.map((column, i) => (
          <BoardColumn
            key={column.key}
            column={column}
            by={by}
            stop={stop?.column === column.key ? stop.taskId : null}
            wanted={wanted}
            lifted={lift?.card.column === column.key ? lift.card.taskId : null}
            target={lift?.place.column === column.key ? lift.place.index : null}
            follow={lift?.by === "keyboard"}
            pending={props.pending}
            editable={editable}
            closed={closed.has(column.key)}
            near={i < FIRST_COLUMNS}
            hintId={hintId}
            actions={actions}
            onToggle={props.onToggle}
            onShown={onShown}
          />
        ))}
      </div>
      <Suspense fallback={null}>
        {draggable && (
          <DragLayer
            onReady={onReady}
            onLift={lifted}
            onOver={over}
            onDrop={drop}
            onCancel={cancel}
          >
            {held !== undefined && lift?.by === "pointer" && (
              <article className={styles.card} data-held>
                <span className={styles.title} dir="auto">
                  {held.title}
                </span>
                <CardFacts task={held} pending={false} />
              </article>
            )}
          </DragLayer>
        )}
      </Suspense>
      {menu !== null && (
        <Suspense fallback={null}>
          <CardMenu
            at={menu}
            columns={columns}
            nameOf={nameOf}
            onMove={(place) => {
              if (move(menu.card, place, columns)) {
                say("dropped", { card: menu.card, place, by: "keyboard" });
              }
            }}
            onOpen={() => {
              const task = current(menu.card.taskId);
              if (task !== undefined) props.onOpen(task);
            }}
            onClose={() => setMenu(null)}
          />
        </Suspense>
      )}
      <p className={styles.said} role="status" aria-live="assertive">
        {said}
      </p>
    </>
  );
}

/** Where the tabulator stops: at the card that had the focus last, else at the first one. */
function stopOf(
  columns: readonly Column[],
  focus: Card | null,
  closed: ReadonlySet<string>,
): Card | null {
  const open = columns.filter((column) => !closed.has(column.key));
  if (focus !== null) {
    const column = open.find((one) => one.key === focus.column);
    if (column?.tasks.some((task) => task.id === focus.taskId)) return focus;
  }
  const first = open.find((column) => column.tasks.length > 0);
  const task = first?.tasks[0];
  return first && task ? { column: first.key, taskId: task.id } : null;
}
