import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const OVERSCAN = 8;
// Until it is known how much room there is.
const FIRST_SHOWN = 24;

type Options = {
  count: number;
  /** Of each row, in pixels. */
  height: number;
  scroller: RefObject<HTMLElement | null>;
  body: RefObject<HTMLElement | null>;
};

export type Range = { start: number; end: number };

/** The rows that are in sight or near it. All are equally high, so that nothing has to be measured. */
export function useFixedRows({ count, height, scroller, body }: Options) {
  const [range, setRange] = useState<Range>({ start: 0, end: FIRST_SHOWN });
  const latest = useRef({ height });
  latest.current = { height };

  const look = useCallback(() => {
    const box = scroller.current;
    if (box === null) return;
    const { height } = latest.current;
    const start = Math.max(0, Math.floor(box.scrollTop / height) - OVERSCAN);
    const end = Math.ceil((box.scrollTop + box.clientHeight) / height) + OVERSCAN;
    setRange((now) => (now.start === start && now.end === end ? now : { start, end }));
  }, [scroller]);

  // What scrolls lies around these rows: it is there only after their layout effects.
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const watch = new ResizeObserver(look);
    watch.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, [scroller, look]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other heights put other rows in sight
  useLayoutEffect(look, [look, height, count]);

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
