import { IconTag } from "@tabler/icons-react";
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

const labelsOf = ({ head }: View) => head?.labels ?? [];
const idsOf = ({ label_ids }: Task) => label_ids;
const BLANK: Named = { name: "", color: "#0b7285" };

export function LabelsPage() {
  const { t } = useTranslation("workspace");
  const w = useWorkspaceId();

  const save = async ({ name, color }: Named, id: string | null) => {
    const body = { name, color };
    const made =
      id === null
        ? api.POST("/api/v1/workspaces/{w}/labels", {
            params: { path: { w } },
            headers: { "Idempotency-Key": newKey() },
            body,
          })
        : api.PATCH("/api/v1/workspaces/{w}/labels/{item_id}", {
            params: { path: { w, item_id: id } },
            body,
          });
    await change<unknown>(w, made);
  };

  const remove = async ({ id, name }: { id: string; name: string }) => {
    const params = { path: { w, item_id: id } };
    const gone = api.DELETE("/api/v1/workspaces/{w}/labels/{item_id}", { params });
    await change<unknown>(w, gone, t("labels.removed", { name }));
  };

  return (
    <NamedList
      workspaceId={w}
      words="labels"
      itemsOf={labelsOf}
      idsOf={idsOf}
      blank={BLANK}
      onSave={save}
      onRemove={remove}
      empty={<EmptyState icon={<IconTag />} title={t("labels.none")} text={t("labels.hint")} />}
    />
  );
}
