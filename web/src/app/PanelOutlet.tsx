import { useNavigate, useSearch } from "@tanstack/react-router";
import i18next from "i18next";
import { Suspense } from "react";
import { arriving } from "@/parts/arriving";
import { useWorkspaceId } from "@/replica/hooks";

const TaskPanel = arriving(async () => {
  const [{ TaskPanel }] = await Promise.all([
    import("@/pages/task/TaskPanel"),
    i18next.loadNamespaces("task"),
  ]);
  return { default: TaskPanel };
});

/** The task that the address names, beside the page: `?task=12`, `?task=<workspace>/12`. */
export function PanelOutlet() {
  const { task } = useSearch({ strict: false }) as { task?: string | number };
  const here = useWorkspaceId();
  const navigate = useNavigate();
  const [first = "", second] = String(task ?? "").split("/");
  const workspaceId = second === undefined ? here : first;
  const number = Number(second ?? first);
  if (workspaceId === "" || !Number.isInteger(number) || number <= 0) return null;
  const close = () => {
    void navigate({
      to: ".",
      search: (search: Record<string, unknown>) => ({ ...search, task: undefined }),
    } as never);
  };
  return (
    <Suspense fallback={null}>
      <TaskPanel workspaceId={workspaceId} number={number} onClose={close} />
    </Suspense>
  );
}
