import { useNavigate, useParams } from "@tanstack/react-router";
import { NothingHere } from "@/parts/NothingHere";
import { useWorkspaceId } from "@/replica/hooks";
import styles from "./TaskPanel.module.css";
import { TaskView } from "./TaskView";

/** A task with the whole page for itself. */
export function TaskPage() {
  const workspaceId = useWorkspaceId();
  const { workspace = "", number = "" } = useParams({ strict: false }) as {
    workspace?: string;
    number?: string;
  };
  const navigate = useNavigate();
  if (!/^\d+$/.test(number)) return <NothingHere />;
  return (
    <div className={styles.page}>
      <TaskView
        key={`${workspaceId} ${number}`}
        workspaceId={workspaceId}
        number={Number(number)}
        onRemoved={() => void navigate({ to: "/w/$workspace/list", params: { workspace } })}
      />
    </div>
  );
}
