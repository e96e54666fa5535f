import { Button, Group, Modal, Skeleton } from "@mantine/core";
import { Suspense } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import type { Task } from "@/replica/model";
import { addDays, dayOfIso } from "@/time/dates";
import { formatDay } from "@/time/format";
import { useCalendar } from "./context";
import { type Target, takes } from "./moves";

const DueCalendar = arriving(() =>
  import("@/parts/DueCalendar").then((module) => ({ default: module.DueCalendar })),
);

type Props = { task: Task; onMove: (target: Target) => void; onClose: () => void };

/** Choose the day that a task goes to: what dragging does, without dragging. */
export function MoveDialog({ task, onMove, onClose }: Props) {
  const { t } = useTranslation("calendar");
  const { zone, today, language, locale } = useCalendar();
  const day = task.due_at === null ? null : dayOfIso(task.due_at, zone);
  const from = day ?? today;
  const choices: [string, Target][] = [
    ["today", today],
    ["dayBefore", addDays(from, -1)],
    ["dayAfter", addDays(from, 1)],
    ["weekAfter", addDays(from, 7)],
  ];
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("move.title", { title: task.title })}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <Group gap="xs" mb="md">
        {choices
          .filter(([, target]) => target !== day)
          .map(([name, target], i) => (
            <Button
              key={name}
              data-autofocus={i === 0 || undefined}
              variant="default"
              size="compact-md"
              title={formatDay(target, locale, "dateLong")}
              onClick={() => onMove(target)}
            >
              {t(`move.${name}`)}
            </Button>
          ))}
        {day !== null && takes(task, "none") && (
          <Button variant="default" size="compact-md" onClick={() => onMove("none")}>
            {t("move.none")}
          </Button>
        )}
      </Group>
      <Suspense fallback={<Skeleton height={280} width={260} />}>
        <DueCalendar
          day={day}
          today={today}
          language={language}
          locale={locale}
          onChange={onMove}
        />
      </Suspense>
    </Modal>
  );
}
