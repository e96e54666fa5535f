import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from "@tabler/icons-react";
import { memo, type RefObject, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { drawn, useFixedRows } from "@/parts/useFixedRows";
import { AddTask } from "./AddTask";
import styles from "./BoardPage.module.css";
import type { By, Column } from "./columns";
import { useColumnName } from "./names";
import { rowHeight, rowOf, type Shown } from "./sizes";
import { type CardActions, cardId, TaskCard } from "./TaskCard";

type Props = {
  column: Column;
  by: By;
  /** The task whose card is where the tabulator stops, if that is in this column. */
  stop: string | null;
  /** The task whose card has been asked to take the focus, once it is here. */
  wanted: { current: string | null };
  lifted: string | null;
  /** Where a lifted card would land here, the lifted one not counted. */
  target: number | null;
  /** Whether the landing place is scrolled to. */
  follow: boolean;
  pending: ReadonlySet<string>;
  editable: boolean;
  closed: boolean;
  /** Drawn at once, and not only when it comes near. */
  near: boolean;
  hintId: string;
  actions: CardActions;
  onToggle: (key: string) => void;
  onShown: (key: string, shown: Shown | null) => void;
};

/** Whether the element is, or once was, in or near what can be seen: many columns cost nothing. */
function useNear(ref: { current: Element | null }, start: boolean): boolean {
  const [near, setNear] = useState(start);
  useEffect(() => {
    if (near || ref.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => setNear(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: "0px 600px" },
    );
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [near, ref]);
  return near;
}

export const BoardColumn = memo(function BoardColumn(props: Props) {
  const { column, by, closed, onShown } = props;
  const { t } = useTranslation("board");
  const name = useColumnName(by)(column.key);
  const box = useRef<HTMLElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const near = useNear(box, props.near);
  const headingId = useId();

  useEffect(() => {
    if (box.current === null) return;
    onShown(column.key, {
      key: column.key,
      box: box.current,
      cards: closed ? null : scroller.current,
      tasks: column.tasks,
    });
    return () => onShown(column.key, null);
  }, [column, closed, onShown]);

  return (
    <section
      ref={box}
      className={closed ? styles.closed : styles.column}
      aria-labelledby={headingId}
      data-target={props.target !== null || undefined}
      data-column={column.key}
    >
      <header className={styles.head}>
        <UnstyledButton
          className={styles.toggle}
          aria-expanded={!closed}
          aria-label={t(closed ? "column.open" : "column.close", { name })}
          onClick={() => props.onToggle(column.key)}
        >
          {closed ? (
            <IconLayoutSidebarLeftExpand size={18} />
          ) : (
            <IconLayoutSidebarLeftCollapse size={18} />
          )}
        </UnstyledButton>
        <h2 id={headingId} className={styles.name} dir="auto">
          {name}
        </h2>
        <span className={styles.count}>
          <span aria-hidden>{column.tasks.length.toLocaleString()}</span>
          <VisuallyHidden>{t("column.count", { count: column.tasks.length })}</VisuallyHidden>
        </span>
      </header>
      {!closed && (
        <div ref={scroller} className={styles.scroll} data-scroll>
          {near && <Cards {...props} name={name} scroller={scroller} />}
        </div>
      )}
      {!closed && props.editable && (
        <AddTask
          name={name}
          by={by}
          column={column.key}
          onDone={() => {
            // New tasks stand at the end.
            requestAnimationFrame(() => scroller.current?.scrollTo({ top: 10 ** 9 }));
          }}
        />
      )}
    </section>
  );
});

type CardsProps = Props & { name: string; scroller: RefObject<HTMLDivElement | null> };

function Cards({
  column,
  name,
  scroller,
  stop,
  lifted,
  target,
  follow,
  wanted,
  ...props
}: CardsProps) {
  const { t } = useTranslation("board");
  const { tasks } = column;
  const indexOf = (id: string | null) => (id === null ? -1 : tasks.findIndex((x) => x.id === id));
  const own = indexOf(lifted);
  const body = useRef<HTMLDivElement>(null);
  const height = rowHeight();
  const { start, end, scrollTo } = useFixedRows({
    count: tasks.length,
    height,
    beyond: 4,
    scroller,
    body,
  });
  // What has the focus stays, however far the rest is scrolled.
  const kept = [indexOf(stop), own].filter((index) => index >= 0);

  useEffect(() => {
    if (wanted.current === null || wanted.current !== stop) return;
    const index = tasks.findIndex((task) => task.id === stop);
    const card = document.getElementById(cardId({ column: column.key, taskId: stop }));
    if (index < 0 || card === null) return;
    wanted.current = null;
    scrollTo(index);
    card.focus({ preventScroll: true });
    card.closest("section")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [wanted, stop, tasks, column.key, scrollTo]);

  const row = target === null ? null : rowOf(target, own);
  useEffect(() => {
    if (!follow || row === null || tasks.length === 0) return;
    scrollTo(Math.min(row, tasks.length - 1));
    scroller.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [follow, row, tasks.length, scrollTo, scroller]);

  if (tasks.length === 0 && row === null)
    return (
      <p className={styles.empty}>{t(props.editable ? "column.empty" : "column.emptyRead")}</p>
    );
  return (
    <div ref={body} className={styles.cards} style={{ blockSize: tasks.length * height }}>
      <ul aria-label={t("column.list", { name })}>
        {drawn(start, end, kept).map((index) => {
          const task = tasks[index];
          if (task === undefined) return null;
          return (
            <TaskCard
              key={task.id}
              task={task}
              column={column.key}
              index={index}
              count={tasks.length}
              offset={index * height}
              stop={task.id === stop}
              lifted={task.id === lifted}
              pending={props.pending.has(task.id)}
              editable={props.editable}
              hintId={props.hintId}
              actions={props.actions}
            />
          );
        })}
      </ul>
      {row !== null && (
        <div className={styles.landing} style={{ transform: `translateY(${row * height}px)` }} />
      )}
    </div>
  );
}
