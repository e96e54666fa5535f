import { Button, Group, Modal, Text } from "@mantine/core";
import { useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Head } from "@/replica/db";
import { useLanguage, useZone } from "@/replica/hooks";
import type { Conflict, Field } from "@/replica/model";
import { localeFor } from "@/time/format";
import styles from "./ConflictDialog.module.css";
import { fieldInWords, type Wording } from "./fieldWords";
import { lineDiff, shortened } from "./lineDiff";

export type Side = "mine" | "theirs";

type Props = {
  conflicts: readonly Conflict[];
  /** The title of the task. */
  title: string;
  /** The workspace's head, which knows the names of people, projects and labels. */
  head: Head | undefined;
  /** The titles of other tasks. */
  taskTitle?: (id: string) => string | undefined;
  /** Takes which conflicts were decided for what is here. */
  onResolve: (keepMine: (conflict: Conflict) => boolean) => void;
  /** Not now: the change goes on waiting. */
  onClose: () => void;
};

// One or a few lines are read beside each other; more are read as what differs.
const MOST_LINES = 500;
const LONG: ReadonlySet<Field> = new Set(["description"]);

/** What two people have changed at the same time, side by side, to choose from for each field. */
export function ConflictDialog({ conflicts, title, head, taskTitle, onResolve, onClose }: Props) {
  const { t } = useTranslation("parts");
  const timeZone = useZone();
  const language = useLanguage();
  const how = useMemo(
    () => ({ names: namesOf(head, taskTitle), timeZone, locale: localeFor(language) }),
    [head, taskTitle, timeZone, language],
  );
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t("conflict.title")}
      closeButtonProps={{ "aria-label": t("conflict.later") }}
    >
      <Choices
        conflicts={conflicts}
        title={title}
        how={how}
        onClose={onClose}
        onResolve={(sides) =>
          onResolve(({ taskId, field }) => {
            const place = conflicts.findIndex((c) => c.taskId === taskId && c.field === field);
            return sides[place] === "mine";
          })
        }
      />
    </Modal>
  );
}

function namesOf(
  head: Head | undefined,
  task: (id: string) => string | undefined = () => undefined,
) {
  return {
    person: (id: string) => head?.members.find((one) => one.user_id === id)?.name,
    project: (id: string) => head?.projects.find((one) => one.id === id)?.name,
    label: (id: string) => head?.labels.find((one) => one.id === id)?.name,
    task,
  };
}

type ChoicesProps = {
  conflicts: readonly Conflict[];
  title: string;
  how: Wording;
  onResolve: (sides: Side[]) => void;
  onClose: () => void;
};

/** The form of the dialog. */
export function Choices({ conflicts, title, how, onResolve, onClose }: ChoicesProps) {
  const { t } = useTranslation("parts");
  const [choices, setChoices] = useState<readonly (Side | null)[]>(() => conflicts.map(() => null));
  const all = (side: Side) => setChoices(conflicts.map(() => side));
  const chosen = choices.filter((one) => one !== null);
  return (
    <form
      className={styles.dialog}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        if (chosen.length === conflicts.length) onResolve(chosen);
      }}
    >
      <h3 className={styles.task} dir="auto">
        {title}
      </h3>
      <Text>{t("conflict.text")}</Text>
      {conflicts.length > 1 && (
        <Group gap="xs">
          <Button size="compact-sm" variant="default" onClick={() => all("mine")}>
            {t("conflict.allMine")}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => all("theirs")}>
            {t("conflict.allTheirs")}
          </Button>
        </Group>
      )}
      {conflicts.map((conflict, index) => (
        <Choice
          key={`${conflict.taskId} ${conflict.field}`}
          conflict={conflict}
          how={how}
          side={choices[index] ?? null}
          onChoose={(side) =>
            setChoices(choices.map((one, place) => (place === index ? side : one)))
          }
        />
      ))}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {t("conflict.later")}
        </Button>
        <Button type="submit" disabled={chosen.length < conflicts.length}>
          {t("conflict.take")}
        </Button>
      </Group>
    </form>
  );
}

type ChoiceProps = {
  conflict: Conflict;
  how: Wording;
  side: Side | null;
  onChoose: (side: Side) => void;
};

function Choice({ conflict, how, side, onChoose }: ChoiceProps) {
  const { t } = useTranslation("parts");
  const id = useId();
  const { field, mine, theirs } = conflict;
  const long = LONG.has(field);
  return (
    <fieldset className={styles.field}>
      <legend>{t(`field.${field}`)}</legend>
      {long && <Difference mine={String(mine ?? "")} theirs={String(theirs ?? "")} />}
      <div className={styles.sides}>
        {(["mine", "theirs"] as const).map((one) => (
          <label key={one} className={styles.side} data-chosen={side === one || undefined}>
            <input
              type="radio"
              name={id}
              value={one}
              checked={side === one}
              onChange={() => onChoose(one)}
            />
            <span>
              <span className={styles.whose}>{t(`conflict.${one}`)}</span>
              {!long && (
                <span className={styles.value} dir="auto">
                  {fieldInWords(field, conflict[one], t, how)}
                </span>
              )}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Two descriptions: what only one of them has is marked by a sign and a word, not by colour alone. */
function Difference({ mine, theirs }: { mine: string; theirs: string }) {
  const { t } = useTranslation("parts");
  const lines = useMemo(
    () => shortened(lineDiff(theirs, mine)).slice(0, MOST_LINES),
    [mine, theirs],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls can be focused.
    <section className={styles.difference} aria-label={t("conflict.difference")} tabIndex={0}>
      {lines.map((line, index) =>
        line.kind === "skipped" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other name.
          <div key={index} className={styles.skipped}>
            {t("conflict.alike", { count: line.count })}
          </div>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other name.
          <div key={index} className={styles.line} data-kind={line.kind}>
            <span className={styles.sign}>
              {line.kind === "same" ? "" : t(`conflict.${line.kind}Short`)}
            </span>
            <span dir="auto">{line.text || "\u00a0"}</span>
          </div>
        ),
      )}
    </section>
  );
}
