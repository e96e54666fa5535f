import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "@/i18n/words";
import { QuickAddHere } from "@/parts/QuickAdd/QuickAddHere";
import type { Task } from "@/replica/model";
import { type DayKey, dueOn } from "@/time/dates";
import { formatDay } from "@/time/format";
import styles from "./calendar.module.css";
import { useCalendar } from "./context";
import { TaskLine } from "./TaskLine";

const STEP = 50;

type Props = {
  workspaceId: string;
  day: DayKey;
  tasks: readonly Task[];
  add: boolean;
  onOpen: (number: number) => void;
  onClose: () => void;
};

/** All tasks of a day, and a field for another one. */
export function DayDialog({ workspaceId, day, tasks, add, onOpen, onClose }: Props) {
  const { t } = useTranslation("calendar");
  const { locale, zone, editable } = useCalendar();
  const [most, setMost] = useState(STEP);
  return (
    <Modal
      opened
      onClose={onClose}
      title={formatDay(day, locale, "dateLong")}
      size="lg"
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {editable && (
        <QuickAddHere
          workspaceId={workspaceId}
          autoFocus={add}
          placeholder={t("add.placeholder")}
          defaults={{ due_at: dueOn(day, zone) }}
          onDone={(opened) => opened && onOpen(opened.number)}
        />
      )}
      {tasks.length === 0 && <p className={styles.nothing}>{t("nothing")}</p>}
      <ul className={styles.dayTasks} aria-label={t("count", { count: tasks.length })}>
        {tasks.slice(0, most).map((task) => (
          <li key={task.id}>
            <TaskLine task={task} look="line" />
          </li>
        ))}
      </ul>
      {tasks.length > most && (
        <Button variant="subtle" onClick={() => setMost(most + STEP)}>
          {t("more.show", { count: tasks.length - most })}
        </Button>
      )}
    </Modal>
  );
}
