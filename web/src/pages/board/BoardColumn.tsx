import { UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
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
  onAdd: (key: string, title: string) => void;
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
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null);
  const near = useNear(box, props.near);
  const headingId = useId();

  useEffect(() => {
    if (box.current === null) return;
    onShown(column.key, {
      key: column.key,
      box: box.current,
      cards: scroller,
      tasks: column.tasks,
    });
    return () => onShown(column.key, null);
  }, [column, scroller, onShown]);

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
          {closed ? <IconChevronRight size={16} /> : <IconChevronLeft size={16} />}
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
        <div ref={setScroller} className={styles.scroll} data-scroll>
          {near && scroller !== null && <Cards {...props} name={name} scroller={scroller} />}
        </div>
      )}
      {!closed && props.editable && (
        <AddTask
          name={name}
          onAdd={(title) => {
            props.onAdd(column.key, title);
            // New tasks stand at the end.
            requestAnimationFrame(() => scroller?.scrollTo({ top: 10 ** 9 }));
          }}
        />
      )}
    </section>
  );
});

type CardsProps = Props & { name: string; scroller: HTMLDivElement };

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
  // What has the focus stays, however far the rest is scrolled.
  const kept = [indexOf(stop), own].filter((index) => index >= 0);
  const virtualizer = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller,
    estimateSize: rowHeight,
    getItemKey: (index) => tasks[index]?.id ?? index,
    overscan: 4,
    rangeExtractor: (range) =>
      [...new Set([...kept, ...defaultRangeExtractor(range)])].sort((a, b) => a - b),
  });

  useEffect(() => {
    if (wanted.current === null || wanted.current !== stop) return;
    const index = tasks.findIndex((task) => task.id === stop);
    const card = document.getElementById(cardId({ column: column.key, taskId: stop }));
    if (index < 0 || card === null) return;
    wanted.current = null;
    virtualizer.scrollToIndex(index, { align: "auto" });
    card.focus({ preventScroll: true });
    card.closest("section")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [wanted, stop, tasks, column.key, virtualizer]);

  const row = target === null ? null : rowOf(target, own);
  useEffect(() => {
    if (!follow || row === null || tasks.length === 0) return;
    virtualizer.scrollToIndex(Math.min(row, tasks.length - 1), { align: "auto" });
    scroller.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [follow, row, tasks.length, virtualizer, scroller]);

  if (tasks.length === 0 && row === null)
    return (
      <p className={styles.empty}>{t(props.editable ? "column.empty" : "column.emptyRead")}</p>
    );
  return (
    <div className={styles.cards} style={{ blockSize: virtualizer.getTotalSize() }}>
      <ul aria-label={t("column.list", { name })}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const task = tasks[index];
          if (task === undefined) return null;
          return (
            <TaskCard
              key={task.id}
              task={task}
              column={column.key}
              index={index}
              count={tasks.length}
              offset={start}
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
        <div
          className={styles.landing}
          style={{ transform: `translateY(${row * rowHeight()}px)` }}
        />
      )}
    </div>
  );
}
