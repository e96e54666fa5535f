import { Combobox, TextInput, useCombobox } from "@mantine/core";
import { useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { StatusIcon } from "@/parts/StatusBadge";
import type { Task } from "@/replica/model";
import type { View } from "@/replica/workspace";
import { findTasks } from "./family";
import styles from "./TaskPanel.module.css";

const MOST = 12;

type Props = {
  view: View;
  /** Ids that are not offered. */
  without: ReadonlySet<string>;
  label: string;
  onPick: (task: Task) => void;
  onCancel: () => void;
};

/** Finds a task of the workspace by its number or by words of its title. */
export function TaskPicker({ view, without, label, onPick, onCancel }: Props) {
  const { t } = useTranslation("task");
  const [typed, setTyped] = useState("");
  const combobox = useCombobox({ defaultOpened: true });
  const found = useMemo(() => findTasks(view.tasks, typed, without, MOST), [view, typed, without]);
  return (
    <Combobox
      store={combobox}
      withinPortal
      onOptionSubmit={(id) => {
        const task = view.tasks.get(id);
        if (task !== undefined) onPick(task);
      }}
    >
      <Combobox.Target>
        <TextInput
          aria-label={label}
          placeholder={t("picker.hint")}
          autoFocus
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            combobox.openDropdown();
            combobox.selectFirstOption();
          }}
          onFocus={() => combobox.openDropdown()}
          onBlur={onCancel}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.stopPropagation();
            onCancel();
          }}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options className={styles.options ?? ""} aria-label={label}>
          {found.length === 0 && <Combobox.Empty>{t("picker.none")}</Combobox.Empty>}
          {found.map((task) => (
            <Combobox.Option key={task.id} value={task.id}>
              <span className={styles.option}>
                <StatusIcon status={task.status} />
                <span className={styles.number}>#{task.number}</span>
                <bdi className={styles.optionTitle}>{task.title}</bdi>
              </span>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
