import { Link } from "@tanstack/react-router";
import { StatusIcon } from "@/parts/StatusBadge";
import type { Task } from "@/replica/model";
import { useSurroundings } from "./context";
import { InPanel } from "./panel";
import styles from "./TaskPanel.module.css";

/** Another task, which opens in the place of this one. */
export function TaskLink({ task }: { task: Task }) {
  const { workspaceId } = useSurroundings();
  const content = (
    <>
      <span className={styles.number}>#{task.number}</span> <bdi>{task.title}</bdi>
    </>
  );
  return (
    <span className={styles.taskLink} data-done={task.status === "completed" || undefined}>
      <StatusIcon status={task.status} />
      <InPanel.Consumer>
        {(inPanel) =>
          inPanel ? (
            <Link
              to="."
              search={
                ((search: { task?: unknown }) => ({
                  ...search,
                  task: String(search.task).includes("/")
                    ? `${workspaceId}/${task.number}`
                    : task.number,
                })) as never
              }
            >
              {content}
            </Link>
          ) : (
            <Link
              to="/w/$workspace/t/$number"
              params={{ workspace: workspaceId, number: String(task.number) }}
            >
              {content}
            </Link>
          )
        }
      </InPanel.Consumer>
    </span>
  );
}
