/** Opens the copy of whoever is signed in, and tells the rest of the application what it hears. */

import i18next from "i18next";
import { queryClient } from "@/api/queries";
import { leave, onSession, sessionState, sessionUser } from "@/api/session";
import { fail, tell } from "@/notices";
import { textsAreIn } from "./actions";
import { keepDraft } from "./drafts";
import { operationsOf } from "./fold";
import { meKey, textKey } from "./hooks";
import type { Change, Entry } from "./model";
import { eraseStore, openStore, type Store, type StoreEvents, store } from "./store";

const events: StoreEvents = {
  folded(workspaceId, { changes }) {
    for (const change of changes) heard(workspaceId, change);
  },
  inbox: () => void queryClient.invalidateQueries({ queryKey: ["inbox"] }),
  refused(entries, problem) {
    const first = entries[0];
    if (first !== undefined) keepTyped(first);
    if (problem.code === "not_found") tell({ text: i18next.t("refused.gone"), tone: "bad" });
    else void fail(problem);
  },
  done({ workspaceId, work }) {
    if (work.kind !== "comment") return;
    void queryClient.invalidateQueries({ queryKey: ["comments", workspaceId, work.taskId] });
  },
};

/** Comments are known by their own id in the log; which task they are on only when they are made. */
function heard(workspaceId: string, { entity, id, op, set }: Change): void {
  const invalidate = (...queryKey: unknown[]) => void queryClient.invalidateQueries({ queryKey });
  if (entity === "task") {
    if (typeof set.description === "string") {
      queryClient.setQueryData(textKey(workspaceId, id), set.description);
    }
    invalidate("history", workspaceId, id);
  } else if (entity === "comment") {
    if (op === "create") invalidate("comments", workspaceId, set.task_id);
    else invalidate("comments", workspaceId);
  } else if (entity === "relation") invalidate("relations", workspaceId);
  else invalidate(entity, workspaceId);
  invalidate("statistics", workspaceId);
}

/** What somebody has typed is not lost with the request that was to bring it. */
function keepTyped({ work, workspaceId }: Entry): void {
  if (work.kind !== "comment" || work.op !== "create") return;
  void keepDraft(`comment:${workspaceId}:${work.taskId}`, work.body);
}

/** The store of the account that is, or was last, signed in. Undefined when there is none. */
export function beginStore(): Store | undefined {
  const user = sessionUser();
  if (user === null || sessionState() === "out") return undefined;
  return openStore(user, events);
}

textsAreIn((workspaceId, taskId) => {
  const waiting = store()
    .entries()
    .flatMap(operationsOf)
    .filter((operation) => operation.id === taskId && operation.op !== "delete")
    .flatMap((operation) => ("data" in operation ? (operation.data.description ?? []) : []));
  return waiting.at(-1) ?? queryClient.getQueryData<string>(textKey(workspaceId, taskId));
});

// Often the session is there before this code is.
let wasIn = sessionState() === "in";

/** Ended while nobody was looking: what is kept here stays only as long as something waits. */
async function endedMeanwhile(): Promise<void> {
  const opened = beginStore();
  const isOpen = ({ state }: Entry) => state !== "done";
  const waiting = await opened?.keeper.read((db) => db.outbox.filter(isOpen).count());
  // Also what was done just now, before the server had been asked.
  if ((waiting ?? 0) === 0 && !opened?.entries().some(isOpen)) leave(true);
}

function sessionChanged(): void {
  const state = sessionState();
  if (state === "ended" && !wasIn) void endedMeanwhile();
  wasIn ||= state === "in";
  if (state === "out") {
    queryClient.clear();
    void eraseStore();
  } else if (state === "in") {
    beginStore();
    // Whoever asked before there was a session is waiting for it, and asks only once.
    void queryClient.invalidateQueries({ queryKey: meKey }, { cancelRefetch: false });
  }
}

onSession(sessionChanged);
// It may have ended before this code was here.
if (sessionState() === "ended") sessionChanged();
