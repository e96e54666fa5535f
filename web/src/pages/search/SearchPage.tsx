import { Button } from "@mantine/core";
import { IconSearch, IconZoomExclamation } from "@tabler/icons-react";
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import {
  cleared,
  FilterBar,
  type Names,
  narrows,
  useFilter,
  useFiltered,
  useNames,
  wordsOf,
} from "@/parts/filters";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { usePageTitle } from "@/parts/pageTitle";
import { useShortcuts } from "@/parts/shortcuts";
import { useView, useWorkspaceId } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { Result } from "./Result";
import { ranked } from "./rank";
import classes from "./search.module.css";

const STEP = 40;

/** Tasks by the words in their titles and descriptions. */
export function SearchPage() {
  const { t } = useTranslation("search");
  usePageTitle(t("title"));
  const view = useView(useWorkspaceId());
  const names = useNames(view);
  const [filter, setFilter] = useFilter();
  const { tasks, text, found } = useFiltered(view, filter);
  const { q, sort } = filter;
  const results = useMemo(
    () => (sort === "position" && q.trim() !== "" ? ranked(tasks, q) : tasks),
    [tasks, q, sort],
  );
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const list = useRef<HTMLOListElement>(null);
  const go = (by: number) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    if (at + by < 0) input.current?.focus();
    else links[at + by]?.focus();
  };
  useShortcuts(t("title"), [
    { keys: "/", label: t("keys.input"), run: () => input.current?.focus() },
    { keys: "j", label: t("keys.down"), run: () => go(1), rows: true },
    { keys: "k", label: t("keys.up"), run: () => go(-1), rows: true },
  ]);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const inList = list.current?.contains(event.target as Node);
    if (by === 0 || (event.target !== input.current && !inList)) return;
    event.preventDefault();
    go(by);
  };
  const asked = narrows(filter);
  const none = results.length === 0 && text !== "searching";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows go from the words to what is found
    <div className={classes.page} onKeyDown={onKeyDown}>
      <h1 className={classes.heading}>{t("title")}</h1>
      <FilterBar
        view={view}
        filter={filter}
        onChange={setFilter}
        count={asked ? results.length : view.tasks.size}
        text={text}
        searchRef={input}
      />
      {!asked && (
        <EmptyState icon={<IconSearch />} title={t("empty.title")} text={t("empty.text")} />
      )}
      {asked && none && view.state === "loading" && <PageSkeleton />}
      {asked && none && view.state !== "loading" && (
        <EmptyState
          icon={<IconZoomExclamation />}
          title={t("empty.none")}
          text={t("empty.noneText")}
          action={
            <Button variant="light" onClick={() => setFilter(cleared)}>
              {t("empty.clear")}
            </Button>
          }
        />
      )}
      {asked && <Results key={q} list={list} tasks={results} q={q} found={found} names={names} />}
    </div>
  );
}

type ResultsProps = {
  list: RefObject<HTMLOListElement | null>;
  tasks: readonly Task[];
  q: string;
  found: ReadonlyMap<string, string | null> | undefined;
  names: Names;
};

function Results({ list, tasks, q, found, names }: ResultsProps) {
  const { t } = useTranslation("search");
  const [most, setMost] = useState(STEP);
  const words = useMemo(() => wordsOf(q), [q]);
  return (
    <>
      <ol ref={list} className={classes.list} aria-label={t("results")}>
        {tasks.slice(0, most).map((task) => (
          <Result
            key={task.id}
            task={task}
            words={words}
            excerpt={found?.get(task.id) ?? null}
            names={names}
          />
        ))}
      </ol>
      {tasks.length > most && (
        <Button variant="light" className={classes.more} onClick={() => setMost(most + STEP)}>
          {t("more", { count: tasks.length - most })}
        </Button>
      )}
    </>
  );
}
