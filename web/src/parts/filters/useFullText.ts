/** What the server's full text finds: words of descriptions, which the replica does not search. */

import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { asProblem } from "@/api/problem";
import { useOnline } from "@/replica/hooks";
import { readTexts } from "@/replica/keeping";
import { currentKeeper } from "@/replica/store";
import { excerpt } from "./excerpt";
import { spaced, wordsOf } from "./matching";

export type FullText = {
  /** By the tasks' ids: where in the description the words are, or null. */
  found: ReadonlyMap<string, string | null> | undefined;
  /**
   * `none`: nothing is searched for. `titles`: the server cannot be asked, so what is searched are
   * titles, and those descriptions that this browser has kept. `kept`: it has kept them all.
   * `partial`: descriptions match in more tasks than were asked for.
   */
  state: "none" | "searching" | "all" | "partial" | "titles" | "kept";
};

const PAGE = 100;
const MOST_PAGES = 5;
const TYPING_MS = 250;

async function ask(workspaceId: string, q: string, signal: AbortSignal): Promise<Answer> {
  const found = new Map<string, string | null>();
  const words = wordsOf(q);
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { q, limit: PAGE, sort: "-updated_at" as const, ...(cursor && { cursor }) };
    const answer = await data(
      api.GET("/api/v1/workspaces/{w}/tasks", {
        params: { path: { w: workspaceId }, query },
        signal,
      }),
    );
    for (const { id, description } of answer.items) found.set(id, excerpt(description, words));
    cursor = answer.next_cursor ?? undefined;
    if (cursor === undefined) break;
  }
  return { found, state: cursor === undefined ? "all" : "partial" };
}

type Answer = { found: ReadonlyMap<string, string | null>; state: FullText["state"] };

/** Without the server: what is kept of descriptions. */
async function lookUp(workspaceId: string, words: readonly string[]): Promise<Answer> {
  const found = new Map<string, string | null>();
  const head = await currentKeeper()?.read(async (db) => {
    for (const { id, description } of (await readTexts(db, workspaceId)).values()) {
      const within = spaced(description);
      if (words.every((word) => within.includes(` ${word}`))) {
        found.set(id, excerpt(description, words));
      }
    }
    return db.heads.get(workspaceId);
  });
  return { found, state: head?.texts ? "kept" : "titles" };
}

/** The tasks whose title or description have the words of `q`, as far as the server can be asked. */
export function useFullText(workspaceId: string, q: string): FullText {
  const online = useOnline();
  const words = wordsOf(q).join(" ");
  const [wanted] = useDebouncedValue(words, TYPING_MS);
  const query = useQuery({
    queryKey: ["fulltext", workspaceId, wanted, online],
    queryFn: async ({ signal }) => {
      const kept = () => lookUp(workspaceId, wordsOf(wanted));
      if (!online) return kept();
      return ask(workspaceId, wanted, signal).catch((error) => {
        if (asProblem(error).offline && !signal.aborted) return kept();
        throw error;
      });
    },
    enabled: wanted !== "",
    staleTime: 15_000,
  });
  const answer = wanted === words ? query.data : undefined;
  if (words === "") return { found: undefined, state: "none" };
  return { found: answer?.found, state: answer?.state ?? (query.isError ? "titles" : "searching") };
}
