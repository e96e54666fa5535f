import { IconDots } from "@tabler/icons-react";
import { type KeyboardEvent, type MouseEvent, memo, type SyntheticEvent } from "react";
import { useTranslation } from "@/i18n/words";
import type { Task } from "@/replica/model";
import styles from "./BoardPage.module.css";
import { CardFacts } from "./CardFace";
import type { Card } from "./moves";
import { useCardNames } from "./names";

/** What cards ask of the board; the same object as long as the board is there. */
export type CardActions = {
  open: (task: Task) => void;
  focused: (card: Card) => void;
  key: (event: KeyboardEvent, card: Card) => void;
  left: (card: Card) => void;
  menu: (card: Card, button: HTMLElement) => void;
  /** A hand is on it. */
  press: (card: Card, event: SyntheticEvent<HTMLElement>) => void;
};

export const cardId = (card: Card) => `card-${card.column}-${card.taskId}`;

type Props = {
  task: Task;
  column: string;
  index: number;
  count: number;
  /** From the top of the column, in pixels. */
  offset: number;
  /** Whether the tabulator stops here: at one card of the board. */
  stop: boolean;
  lifted: boolean;
  pending: boolean;
  editable: boolean;
  hintId: string;
  actions: CardActions;
};

/** A plain click; others open the address in another tab, as links do. */
const plain = (event: MouseEvent) =>
  event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);

export const TaskCard = memo(function TaskCard(props: Props) {
  const { task, column, stop, lifted, editable, hintId, actions } = props;
  const { t } = useTranslation("board");
  const { linkTo } = useCardNames();
  const card: Card = { column, taskId: task.id };
  const press = editable
    ? (event: SyntheticEvent<HTMLElement>) => actions.press(card, event)
    : undefined;
  const tabIndex = stop ? 0 : -1;
  return (
    <li
      onPointerEnter={press}
      onMouseDown={press}
      onTouchStart={press}
      className={styles.row}
      style={{ transform: `translateY(${props.offset}px)` }}
      aria-setsize={props.count}
      aria-posinset={props.index + 1}
    >
      <article className={styles.card} data-lifted={lifted || undefined}>
        <a
          id={cardId(card)}
          className={styles.title}
          href={task.number > 0 ? linkTo(task.number) : undefined}
          tabIndex={tabIndex}
          draggable={false}
          dir="auto"
          title={task.title}
          data-done={task.status === "completed" || undefined}
          aria-describedby={editable ? hintId : undefined}
          onClick={(event) => {
            if (!plain(event)) return;
            event.preventDefault();
            actions.open(task);
          }}
          onFocus={() => actions.focused(card)}
          onBlur={() => actions.left(card)}
          onKeyDown={(event) => actions.key(event, card)}
          onContextMenu={(event) => {
            // A long press lifts the card.
            if ((event.nativeEvent as PointerEvent).pointerType === "touch") event.preventDefault();
          }}
        >
          {task.title}
        </a>
        <CardFacts task={task} pending={props.pending} />
        {editable && (
          <button
            type="button"
            className={styles.more}
            tabIndex={tabIndex}
            aria-label={t("menu.open", { title: task.title })}
            aria-haspopup="menu"
            onClick={(event) => actions.menu(card, event.currentTarget)}
          >
            <IconDots size={16} aria-hidden />
          </button>
        )}
      </article>
    </li>
  );
});
