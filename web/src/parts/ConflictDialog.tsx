import { Button, Group, Modal, Text } from "@mantine/core";
import { useId, useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { Conflict, Field } from "@/replica/model";
import { localeFor } from "@/time/format";
import styles from "./ConflictDialog.module.css";
import { fieldInWords, type NamesOf, type Wording } from "./fieldWords";
import { lineDiff, shortened } from "./lineDiff";

export type Side = "mine" | "theirs";

type Props = {
  conflicts: readonly Conflict[];
  /** The titles of the tasks by id; one for all where there is only one task. */
  title: string | ((taskId: string) => string);
  names: NamesOf;
  timeZone: string;
  language: string;
  /** The choice for each conflict, in their order. */
  onResolve: (choices: Side[]) => void;
  /** Not now: the change goes on waiting. */
  onClose: () => void;
};

// One or a few lines are read beside each other; more are read as what differs.
const MOST_LINES = 500;
const LONG: ReadonlySet<Field> = new Set(["description"]);

/** What two people have changed at the same time, side by side, to choose from for each field. */
export function ConflictDialog(props: Props) {
  const { conflicts, title, names, timeZone, language, onResolve, onClose } = props;
  const { t } = useTranslation("parts");
  const [choices, setChoices] = useState<readonly (Side | null)[]>(() => conflicts.map(() => null));
  const how = useMemo(
    () => ({ names, timeZone, locale: localeFor(language) }),
    [names, timeZone, language],
  );
  const name = (taskId: string) => (typeof title === "string" ? title : title(taskId));
  const all = (side: Side) => setChoices(conflicts.map(() => side));
  const chosen = choices.filter((one) => one !== null);
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t("conflict.title")}
      closeButtonProps={{ "aria-label": t("conflict.later") }}
    >
      <form
        className={styles.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen.length === conflicts.length) onResolve(chosen);
        }}
      >
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
          <div key={`${conflict.taskId} ${conflict.field}`} className={styles.conflict}>
            {conflicts[index - 1]?.taskId !== conflict.taskId && (
              <h3 className={styles.task} dir="auto">
                {name(conflict.taskId)}
              </h3>
            )}
            <Choice
              conflict={conflict}
              how={how}
              side={choices[index] ?? null}
              onChoose={(side) =>
                setChoices(choices.map((one, place) => (place === index ? side : one)))
              }
            />
          </div>
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
    </Modal>
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
