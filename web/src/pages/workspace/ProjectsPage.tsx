import { IconFolder } from "@tabler/icons-react";
import { api } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { EmptyState } from "@/parts/EmptyState";
import { useWorkspaceId } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { change } from "@/replica/online";
import type { View } from "@/replica/workspace";
import type { Named } from "./NamedForm";
import { NamedList } from "./NamedList";

const projectsOf = ({ head }: View) => head?.projects ?? [];
const idsOf = ({ project_id }: Task) => (project_id === null ? [] : [project_id]);
const BLANK: Named = { name: "", color: null, description: "", archived: false };

export function ProjectsPage() {
  const { t } = useTranslation("workspace");
  const w = useWorkspaceId();

  const save = async (
    { name, color, description = "", archived = false }: Named,
    id: string | null,
  ) => {
    const body = { name, color, description, archived };
    const made =
      id === null
        ? api.POST("/api/v1/workspaces/{w}/projects", {
            params: { path: { w } },
            headers: { "Idempotency-Key": newKey() },
            body,
          })
        : api.PATCH("/api/v1/workspaces/{w}/projects/{item_id}", {
            params: { path: { w, item_id: id } },
            body,
          });
    await change<unknown>(w, made);
  };

  const remove = async ({ id, name }: { id: string; name: string }) => {
    const params = { path: { w, item_id: id } };
    const gone = api.DELETE("/api/v1/workspaces/{w}/projects/{item_id}", { params });
    await change<unknown>(w, gone, t("projects.removed", { name }));
  };

  return (
    <NamedList
      workspaceId={w}
      words="projects"
      itemsOf={projectsOf}
      idsOf={idsOf}
      blank={BLANK}
      onSave={save}
      onRemove={remove}
      empty={
        <EmptyState icon={<IconFolder />} title={t("projects.none")} text={t("projects.hint")} />
      }
    />
  );
}
