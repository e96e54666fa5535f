import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTranslation } from "@/i18n/words";
import { addDays, type DayKey } from "@/time/dates";
import { type Bar, offsetOf, type Zoom } from "./bars";
import { useTimeline } from "./context";
import { GroupRow } from "./GroupRow";
import type { Row } from "./rows";
import { Lines, Scale, type Seen } from "./Scale";
import { TaskRow } from "./TaskRow";
import styles from "./timeline.module.css";

// With the keyboard too, also where nothing in it takes the focus.
const SCROLLS = { tabIndex: 0 };

/** As in timeline.module.css. */
const [HEAD_PX, ROW_PX, NARROW_ROW_PX, NAME_PX] = [56, 36, 60, 272];
// What is drawn follows the scrolling in steps of this.
const STEP_PX = 160;

type Props = {
  rows: readonly Row[];
  zoom: Zoom;
  narrow: boolean;
  /** Gets the function that brings a day into the middle. */
  goTo: RefObject<(day: DayKey) => void>;
};

/** The bars over the days; only what is in sight is drawn. */
export function Chart({ rows, zoom, narrow, goTo }: Props) {
  const { t } = useTranslation("timeline");
  const { span, px } = useTimeline();
  const nameWidth = narrow ? 0 : NAME_PX;
  const rowHeight = narrow ? NARROW_ROW_PX : ROW_PX;
  const scroller = useRef<HTMLElement>(null);
  const { seen, width, show } = useSeen(scroller, nameWidth);
  goTo.current = show;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 6,
    scrollMargin: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other heights are measured anew
  useLayoutEffect(() => virtual.measure(), [rowHeight]);
  const onShow = useCallback(({ to }: Bar) => show(to), [show]);
  const asideOf = ({ from, to }: Bar) => {
    if (offsetOf(to, span, px) + px < seen.from) return "before";
    return offsetOf(from, span, px) > seen.to ? "after" : null;
  };
  return (
    <section
      ref={scroller}
      className={styles.chart}
      aria-label={t("chart")}
      {...SCROLLS}
      data-narrow={narrow || undefined}
      style={{ scrollPaddingInlineStart: nameWidth }}
    >
      <div className={styles.canvas} style={{ inlineSize: nameWidth + span.days * px }}>
        <Scale zoom={zoom} seen={seen} />
        <div className={styles.behind}>
          <Lines zoom={zoom} seen={seen} />
        </div>
        <ul className={styles.rows} style={{ blockSize: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <li
                  key={row.key}
                  className={styles.row}
                  style={{ transform: `translateY(${start - HEAD_PX}px)`, blockSize: rowHeight }}
                  aria-setsize={rows.length}
                  aria-posinset={index + 1}
                >
                  <div
                    className={styles.inRow}
                    // What stays in sight beside the bars is as wide as what is seen of them.
                    style={narrow ? ({ "--seen": `${width}px` } as object) : {}}
                  >
                    {row.kind === "group" ? (
                      <GroupRow group={row.group} count={row.count} open={row.open} />
                    ) : (
                      <TaskRow
                        task={row.task}
                        bar={row.bar}
                        depth={narrow ? row.depth / 2 : row.depth}
                        aside={width > 0 ? asideOf(row.bar) : null}
                        onShow={onShow}
                      />
                    )}
                  </div>
                </li>
              )
            );
          })}
        </ul>
      </div>
    </section>
  );
}

/** What of the track is in sight; the day in the middle stays there when the scale changes. */
function useSeen(scroller: RefObject<HTMLElement | null>, nameWidth: number) {
  const { span, px, today } = useTimeline();
  const [left, setLeft] = useState(0);
  const [width, setWidth] = useState(0);
  const middle = useRef<DayKey>(today);
  const layout = useRef({ span, px });
  layout.current = { span, px };

  const show = useCallback(
    (day: DayKey) => {
      const box = scroller.current;
      if (box === null) return;
      middle.current = day;
      const { span: now, px: scale } = layout.current;
      const start = offsetOf(day, now, scale) - (box.clientWidth - nameWidth) / 2;
      // In right-to-left the start is 0 and the rest is below it.
      box.scrollLeft = getComputedStyle(box).direction === "rtl" ? -start : start;
      setLeft(Math.round(Math.max(start, 0) / STEP_PX) * STEP_PX);
    },
    [scroller, nameWidth],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: another scale is what it is for
  useLayoutEffect(() => show(middle.current), [show, span.from, px]);

  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const onScroll = () => {
      const start = Math.abs(box.scrollLeft);
      const { span: now, px: scale } = layout.current;
      const half = (box.clientWidth - nameWidth) / 2;
      middle.current = addDays(now.from, Math.round((start + half) / scale));
      setLeft(Math.round(start / STEP_PX) * STEP_PX);
    };
    const observer = new ResizeObserver(() => {
      setWidth(box.clientWidth);
      show(middle.current);
    });
    box.addEventListener("scroll", onScroll, { passive: true });
    observer.observe(box);
    return () => {
      box.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, [scroller, nameWidth, show]);

  const seen = useMemo<Seen>(
    () => ({ from: left, to: left + Math.max(width - nameWidth, 0) }),
    [left, width, nameWidth],
  );
  return { seen, width, show };
}
