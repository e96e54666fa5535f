import {
  type RefObject,
  startTransition,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

type Options = {
  count: number;
  /** Of each row, in pixels. */
  height: number;
  /** Rows that are drawn beyond those in sight. */
  beyond: number;
  scroller: RefObject<HTMLElement | null>;
  body: RefObject<HTMLElement | null>;
};

export type Range = { start: number; end: number };

// Nothing is measured before the first picture, which shows no more rows than the window has room for.
const firstOf = (height: number): Range => ({ start: 0, end: Math.ceil(innerHeight / height) });

/** The rows that are in sight or near it. All are equally high, so that nothing has to be measured. */
export function useFixedRows({ count, height, beyond, scroller, body }: Options) {
  const [range, setRange] = useState(() => firstOf(height));
  const latest = useRef({ height, beyond });
  latest.current = { height, beyond };
  const seen = useRef(false);

  const look = useCallback(() => {
    const box = scroller.current;
    if (box === null) return;
    const { height, beyond } = latest.current;
    const start = Math.max(0, Math.floor(box.scrollTop / height) - beyond);
    const end = Math.ceil((box.scrollTop + box.clientHeight) / height) + beyond;
    setRange((now) => (now.start === start && now.end === end ? now : { start, end }));
  }, [scroller]);

  // What scrolls lies around these rows: it is there only after their layout effects.
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const watch = new ResizeObserver(() => {
      if (seen.current) return look();
      seen.current = true;
      // What is in sight is there; the others are drawn when there is time.
      startTransition(look);
    });
    watch.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, [scroller, look]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other heights put other rows in sight
  useLayoutEffect(() => {
    if (seen.current) look();
  }, [look, height, count]);

  /** Bring a row into sight, if it is not. */
  const scrollTo = useCallback(
    (index: number) => {
      const box = scroller.current;
      if (box === null || body.current === null) return;
      const { height } = latest.current;
      const top = index * height;
      const above =
        body.current.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
      const last = above + top + height - box.clientHeight;
      if (box.scrollTop > top) box.scrollTop = top;
      else if (box.scrollTop < last) box.scrollTop = last;
    },
    [scroller, body],
  );

  const end = Math.min(range.end, count);
  return { start: Math.min(range.start, end), end, scrollTo };
}

/** The rows to draw, in their order: those in the range, and those that stay wherever they are. */
export function drawn(start: number, end: number, kept: readonly number[]): number[] {
  const inSight = Array.from({ length: end - start }, (_, i) => start + i);
  const missing = kept.filter((index) => index < start || index >= end);
  if (missing.length === 0) return inSight;
  return [...new Set([...inSight, ...missing])].sort((a, b) => a - b);
}
