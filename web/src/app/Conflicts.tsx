import { useTranslation } from "react-i18next";
import { ConflictDialog } from "@/parts/ConflictDialog";
import { resolveConflicts } from "@/replica/actions";
import { useConnection, useView } from "@/replica/hooks";

/** What two people have changed at the same time, one after the other. */
export default function Conflicts({ onClose }: { onClose: () => void }) {
  const first = useConnection().asking[0];
  const { t } = useTranslation("shell");
  const view = useView(first?.workspaceId ?? "");
  if (first?.conflicts === undefined) return null;
  const task = view.tasks.get(first.conflicts[0]?.taskId ?? "");
  return (
    <ConflictDialog
      key={first.key}
      conflicts={first.conflicts}
      title={task?.title ?? t("conflicts.unnamed")}
      head={view.head}
      onResolve={(keepMine) => resolveConflicts(first.key, keepMine)}
      onClose={onClose}
    />
  );
}
