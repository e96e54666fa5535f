import { TextInput } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import i18next from "i18next";
import { type ReactNode, Suspense, useMemo } from "react";
import { api, data } from "@/api/client";
import { asProblem } from "@/api/problem";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { arriving } from "@/parts/arriving";
import { createTask, pull } from "@/replica/actions";
import { useLanguage, useMe, useView, useWorkspaceId, useZone } from "@/replica/hooks";
import type { Patch } from "@/replica/model";
import { store } from "@/replica/store";
import type { Draft } from "@/text/quickadd";

// It understands two languages, and comes when the page is there.
const QuickAdd = arriving(async () => {
  const [module] = await Promise.all([
    import("@/parts/QuickAdd"),
    i18next.loadNamespaces(["quickadd", "parts"]),
  ]);
  return { default: module.QuickAdd };
});

type Props = {
  workspaceId: string;
  autoFocus?: boolean;
  label?: string;
  placeholder?: string;
  /** What a task has that is typed here, unless it says otherwise: the status of a column. */
  defaults?: Patch;
  /** A task has been made; its number where it is to be shown. Without it, it opens on this page. */
  onDone?: (opened: { number: number } | null) => void;
};

/** How long the number is waited for: with a dialog that waits too, and without one. */
const OPENING_MS = 5_000;
const LATER_MS = 15_000;
const NONE: never[] = [];

/** Type a task of this workspace, and it is there. */
export function QuickAddHere({ workspaceId, defaults, onDone, ...shown }: Props) {
  const { t } = useTranslation("shell");
  const { head } = useView(workspaceId);
  const me = useMe();
  const language = useLanguage();
  const timeZone = useZone();
  const show = useShow(workspaceId);
  const projects = useMemo(() => head?.projects.filter(({ archived }) => !archived) ?? [], [head]);

  const make = async ({ newLabels, ...draft }: Draft): Promise<string> => {
    const patch = { ...defaults, ...draft };
    const labels = [...(defaults?.label_ids ?? []), ...(draft.label_ids ?? [])];
    if (labels.length > 0) patch.label_ids = [...new Set(labels)];
    if (newLabels.length > 0) {
      const made = await makeLabels(workspaceId, newLabels);
      if (made === null) void tell({ text: t("labelsOffline"), tone: "bad" });
      else patch.label_ids = [...(patch.label_ids ?? []), ...made];
    }
    return createTask(workspaceId, patch);
  };

  const create = async (draft: Draft, { open }: { open: boolean }) => {
    const id = await make(draft);
    const opened = open ? await numbered(workspaceId, id, onDone ? OPENING_MS : LATER_MS) : null;
    if (onDone) onDone(opened);
    else if (opened) show(opened.number);
  };

  // One after the other: a label that several of them bear is made once.
  const createMany = async (drafts: Draft[]) => {
    try {
      for (const draft of drafts) await make(draft);
    } catch (error) {
      void fail(error);
    }
    onDone?.(null);
  };

  return (
    <QuickAddRoom>
      <Suspense
        fallback={<TextInput aria-label={shown.label ?? t("addTask")} size="md" readOnly />}
      >
        <QuickAdd
          projects={projects}
          members={head?.members ?? NONE}
          labels={head?.labels ?? NONE}
          me={me?.id ?? ""}
          language={language}
          timeZone={timeZone}
          {...shown}
          onCreate={create}
          onCreateMany={(drafts) => void createMany(drafts)}
        />
      </Suspense>
    </QuickAddRoom>
  );
}

/** Show a task of this workspace: beside the page, or in the place of the one whose page it is. */
function useShow(workspaceId: string): (number: number) => void {
  const navigate = useNavigate();
  const here = useWorkspaceId();
  const { number: own } = useParams({ strict: false }) as { number?: string };
  return (number) => {
    if (own !== undefined) {
      void navigate({ to: `/w/${workspaceId}/t/${number}` });
      return;
    }
    const task = here === workspaceId ? number : `${workspaceId}/${number}`;
    const search = ((before: object) => ({ ...before, task })) as never;
    void navigate({ to: ".", search, resetScroll: false });
  };
}

/** As high as the field and what stands below it: nothing moves when it comes. */
export const QuickAddRoom = ({ children }: { children?: ReactNode }) => (
  <div style={{ minBlockSize: "4.5rem" }}>{children}</div>
);

/** The ids of new labels with these names; null where they cannot be made without a network. */
async function makeLabels(w: string, names: readonly string[]): Promise<string[] | null> {
  const ids: string[] = [];
  try {
    for (const name of names) {
      const known = store()
        .replica(w)
        .get()
        .head?.labels.find((label) => label.name === name);
      if (known !== undefined) {
        ids.push(known.id);
        continue;
      }
      const headers = { "Idempotency-Key": newKey() };
      const params = { path: { w } };
      const made = api.POST("/api/v1/workspaces/{w}/labels", {
        params,
        headers,
        body: { name, color: null },
      });
      ids.push((await data(made)).id);
    }
  } catch (error) {
    if (!asProblem(error).passing) throw error;
    return null;
  }
  await pull(w);
  return ids;
}

/** The task's number, when the server has given it one; null where that takes too long. */
function numbered(
  workspaceId: string,
  id: string,
  within: number,
): Promise<{ number: number } | null> {
  const replica = store().replica(workspaceId);
  return new Promise((settle) => {
    const look = () => {
      const number = replica.get().tasks.get(id)?.number ?? 0;
      if (number > 0) finish({ number });
    };
    const finish = (found: { number: number } | null) => {
      stop();
      clearTimeout(timer);
      settle(found);
    };
    const stop = replica.subscribe(look);
    const timer = setTimeout(() => finish(null), within);
    look();
  });
}
