import { Menu } from "@mantine/core";
import { useEffect, useState } from "react";
import { asDialog } from "@/parts/filters/asDialog";
import { updateTask } from "@/replica/actions";
import { useTask } from "@/replica/hooks";
import type { Task } from "@/replica/model";
import { useList } from "./context";
import { type EditableColumn, FieldOptions } from "./FieldOptions";

export type Editing = { task: Task; column: EditableColumn; cell: HTMLElement };

type Props = { editing: Editing | null; onClose: () => void };

/** The one menu of all cells: it opens where the cell is, and a row that is drawn anew keeps it. */
export function FieldEditor({ editing, onClose }: Props) {
  const { t, workspaceId, names, zone, locale } = useList();
  const [last, setLast] = useState<Editing | null>(null);
  useEffect(() => {
    if (editing !== null) setLast(editing);
  }, [editing]);
  const shown = editing ?? last;
  const task = useTask(workspaceId, shown?.task.id);
  if (shown === null || task === undefined) return null;
  const { left, top, width, height } = shown.cell.getBoundingClientRect();
  return (
    <Menu
      opened={editing !== null}
      onChange={(open) => !open && onClose()}
      position="bottom-start"
      shadow="md"
      returnFocus={false}
      withinPortal
    >
      <Menu.Target>
        <button
          type="button"
          tabIndex={-1}
          aria-label={t(`column.${shown.column}`)}
          style={{
            opacity: 0,
            position: "fixed",
            transform: `translate(${left}px, ${top}px)`,
            inset: "0 auto auto 0",
            inlineSize: width,
            blockSize: height,
            pointerEvents: "none",
          }}
        />
      </Menu.Target>
      <Menu.Dropdown renderRoot={asDialog}>
        <FieldOptions
          column={shown.column}
          tasks={[task]}
          names={names}
          zone={zone}
          locale={locale}
          onPatch={(patchOf) => updateTask(workspaceId, task, patchOf(task))}
        />
      </Menu.Dropdown>
    </Menu>
  );
}
