import { Button, Collapse, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { Task } from "@/replica/model";
import { MyTask } from "./MyTask";
import classes from "./my-tasks.module.css";
import type { Section } from "./sections";

const CLOSED: ReadonlySet<Section> = new Set(["later", "done"]);
const ALWAYS: ReadonlySet<Section> = new Set(["today"]);
const STEP = 50;

type Props = { name: Section; tasks: readonly Task[] };

/** One section: its name, how many, and its tasks. */
export function SectionList({ name, tasks }: Props) {
  const { t } = useTranslation("my-tasks");
  const [open, setOpen] = useState(!CLOSED.has(name));
  const [most, setMost] = useState(STEP);
  const id = useId();
  if (tasks.length === 0 && !ALWAYS.has(name)) return null;
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <section className={classes.section} data-section={name} aria-labelledby={`${id}-name`}>
      <h2 className={classes.name}>
        <UnstyledButton
          className={classes.toggle}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <Icon size={16} aria-hidden className={classes.chevron} />
          <span id={`${id}-name`}>{t(`section.${name}`)}</span>
          <span className={classes.count}>{t("count", { count: tasks.length })}</span>
        </UnstyledButton>
      </h2>
      <Collapse expanded={open} id={id}>
        {tasks.length === 0 && <p className={classes.nothing}>{t("nothing")}</p>}
        {open && (
          <ul className={classes.list}>
            {tasks.slice(0, most).map((task) => (
              <MyTask key={task.id} task={task} />
            ))}
          </ul>
        )}
        {open && tasks.length > most && (
          <Button variant="subtle" size="compact-md" onClick={() => setMost(most + STEP)}>
            {t("more", { count: tasks.length - most })}
          </Button>
        )}
      </Collapse>
    </section>
  );
}
