import { ActionIcon, Badge, Button } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { fail } from "@/notices";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { can, useRole, useView } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { type Named, NamedForm } from "./NamedForm";
import { Page } from "./Page";
import classes from "./workspace.module.css";

type Item = Named & { id: string };

type Props = {
  workspaceId: string;
  /** Where its words are: `projects` or `labels`. */
  words: "projects" | "labels";
  itemsOf: (view: View) => readonly Item[];
  /** The ids of what a task has of these. */
  idsOf: (task: Task) => readonly string[];
  blank: Named;
  /** Make it, or change the one with this id. Throws `Problem`. */
  onSave: (named: Named, id: string | null) => Promise<void>;
  onRemove: (item: Item) => Promise<void>;
  empty: ReactNode;
};

/** The projects or the labels of a workspace: how many open tasks each has, and what changes them. */
export function NamedList(props: Props) {
  const { workspaceId, words, itemsOf, idsOf, blank, onSave, onRemove, empty } = props;
  const { t } = useTranslation("workspace");
  const view = useView(workspaceId);
  const edits = can.edit(useRole(workspaceId));
  const [editing, setEditing] = useState<Item | "new" | null>(null);
  const open = useMemo(() => countOpen(view, idsOf), [view, idsOf]);
  const items = itemsOf(view);
  const add = edits && <Button onClick={() => setEditing("new")}>{t(`${words}.add`)}</Button>;
  if (view.head === undefined) return <PageSkeleton />;
  return (
    <Page title={t(`${words}.title`)} action={add}>
      {items.length === 0 && empty}
      <ul className={classes.rows} hidden={items.length === 0}>
        {items.map((item) => (
          <li key={item.id} className={classes.row}>
            <span className={classes.dot} style={{ background: item.color ?? "transparent" }} />
            <span className={classes.name}>
              <Link
                to="/w/$workspace/list"
                params={{ workspace: workspaceId }}
                search={{ [words === "projects" ? "project" : "label"]: item.id }}
                dir="auto"
              >
                {item.name}
              </Link>
              {item.description && (
                <span className={classes.note} dir="auto">
                  {item.description.slice(0, 200)}
                </span>
              )}
            </span>
            {item.archived && (
              <Badge color="gray" variant="light">
                {t("projects.archived")}
              </Badge>
            )}
            <span>{t("open", { count: open.get(item.id) ?? 0 })}</span>
            {edits && (
              <>
                <ActionIcon
                  variant="subtle"
                  aria-label={t("edit", { name: item.name })}
                  onClick={() => setEditing(item)}
                >
                  <IconPencil size={18} />
                </ActionIcon>
                <ActionIcon
                  variant="subtle"
                  color="red"
                  aria-label={t("remove", { name: item.name })}
                  onClick={() => onRemove(item).catch(fail)}
                >
                  <IconTrash size={18} />
                </ActionIcon>
              </>
            )}
          </li>
        ))}
      </ul>
      {editing !== null && (
        <NamedForm
          title={editing === "new" ? t(`${words}.add`) : t("edit", { name: editing.name })}
          initial={editing === "new" ? blank : editing}
          onSave={(named) => onSave(named, editing === "new" ? null : editing.id)}
          onClose={() => setEditing(null)}
        />
      )}
    </Page>
  );
}

function countOpen({ tasks }: View, idsOf: Props["idsOf"]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const task of tasks.values()) {
    if (task.status === "completed" || task.status === "cancelled") continue;
    for (const id of idsOf(task)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
