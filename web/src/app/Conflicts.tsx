import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import { ConflictDialog, type Side } from "@/parts/ConflictDialog";
import type { NamesOf } from "@/parts/fieldWords";
import { resolveConflicts } from "@/replica/actions";
import { useConnection, useLanguage, useView, useZone } from "@/replica/hooks";
import type { Conflict } from "@/replica/model";
import type { View } from "@/replica/workspace";

/** What two people have changed at the same time, one entry after the other. */
export default function Conflicts({ onClose }: { onClose: () => void }) {
  const first = useConnection().asking[0];
  const { t } = useTranslation("shell");
  const view = useView(first?.workspaceId ?? "");
  const names = useMemo(() => namesIn(view), [view]);
  const language = useLanguage();
  const timeZone = useZone();
  if (first?.conflicts === undefined) return null;
  const { key, conflicts } = first;
  const decide = (sides: readonly Side[]) => {
    const mine = new Set(conflicts.filter((_, i) => sides[i] === "mine").map(nameOf));
    resolveConflicts(key, (conflict) => mine.has(nameOf(conflict)));
  };
  return (
    <ConflictDialog
      key={key}
      conflicts={conflicts}
      title={(id) => view.tasks.get(id)?.title ?? t("conflicts.unnamed")}
      names={names}
      timeZone={timeZone}
      language={language}
      onResolve={decide}
      onClose={onClose}
    />
  );
}

const nameOf = ({ taskId, field }: Conflict): string => `${taskId} ${field}`;

function namesIn({ tasks, head }: View): NamesOf {
  const named = <T extends { name: string }>(
    items: readonly T[] = [],
    idOf: (item: T) => string,
  ) => {
    const names = new Map(items.map((item) => [idOf(item), item.name]));
    return (id: string) => names.get(id);
  };
  return {
    person: named(head?.members, ({ user_id }) => user_id),
    project: named(head?.projects, ({ id }) => id),
    label: named(head?.labels, ({ id }) => id),
    task: (id) => tasks.get(id)?.title,
  };
}
