/** The tasks of a view that a filter lets through, in its order. */

import { useEffect, useMemo, useState } from "react";
import { useLanguage, useMe, useZone } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { nowMs } from "@/time/clock";
import { localeFor, weekStartOf } from "@/time/format";
import { type MatchContext, matcher } from "./matching";
import type { Filter } from "./model";
import { ordered } from "./ordered";
import { type FullText, useFullText } from "./useFullText";

const MINUTE = 60_000;

/** The present minute, by the server's clock. */
export function useMinute(): number {
  const [minute, setMinute] = useState(() => nowMs());
  useEffect(() => {
    const timer = setInterval(() => setMinute(nowMs()), MINUTE);
    return () => clearInterval(timer);
  }, []);
  return minute;
}

/** Who and when it is, for `matcher`. */
export function useMatchContext(found?: MatchContext["found"]): MatchContext {
  const me = useMe()?.id ?? "";
  const zone = useZone();
  const language = useLanguage();
  const now = useMinute();
  return useMemo(
    () => ({ me, zone, now, weekStart: weekStartOf(localeFor(language)), found }),
    [me, zone, now, language, found],
  );
}

export type Filtered = {
  tasks: readonly Task[];
  /** How much of the text was searched. */
  text: FullText["state"];
  found: FullText["found"];
};

/** Costs nothing while neither the view nor the filter changes. */
export function useFiltered(view: View, filter: Filter): Filtered {
  const { found, state } = useFullText(view.id, filter.q);
  const context = useMatchContext(found);
  const { status, priority, assignee, project, label, due, q, sort } = filter;
  const all = useMemo(() => ordered(view, sort), [view, sort]);
  const tasks = useMemo(() => {
    const wanted = { ...EMPTY, status, priority, assignee, project, label, due, q };
    return all.filter(matcher(wanted, context));
  }, [all, status, priority, assignee, project, label, due, q, context]);
  return { tasks, text: state, found };
}

const EMPTY = { sort: "position", columns: null, group: null } as const;
