import { Button, Checkbox, Text, TextInput } from "@mantine/core";
import { IconRepeat, IconRepeatOff } from "@tabler/icons-react";
import { useId, useMemo, useState } from "react";
import { useTranslation } from "@/i18n/words";
import type { Recurrence } from "@/replica/model";
import { dayOfIso } from "@/time/dates";
import { localeFor } from "@/time/format";
import { type Option, Picker, type PickerLook } from "./Picker";
import styles from "./RecurrencePicker.module.css";
import { commonRules, readRule, ruleInWords } from "./recurrence";

type Props = PickerLook & {
  value: Recurrence | null;
  /** What recurs has a due date: without one nothing can be chosen. */
  dueAt: string | null;
  timeZone: string;
  language: string;
  onChange: (value: Recurrence | null) => void;
};

const NEVER = "";
const OWN = "own";

/** How often a task comes again: the common ways, or a rule of one's own. */
export function RecurrencePicker({ value, dueAt, timeZone, language, onChange, ...look }: Props) {
  const { t } = useTranslation("parts");
  const [own, setOwn] = useState(false);
  const locale = localeFor(language);
  const rules = useMemo(
    () => (dueAt === null ? [] : commonRules(dayOfIso(dueAt, timeZone))),
    [dueAt, timeZone],
  );
  const options = useMemo<Option[]>(() => {
    const icon = <IconRepeat size={18} aria-hidden />;
    const shown = value === null || rules.includes(value.rule) ? rules : [...rules, value.rule];
    return [
      { value: NEVER, label: t("repeat.never"), icon: <IconRepeatOff size={18} aria-hidden /> },
      ...shown.map((rule) => ({ value: rule, label: ruleInWords(rule, t, locale), icon })),
      { value: OWN, label: t("repeat.own"), icon },
    ];
  }, [rules, value, t, locale]);
  const put = (rule: string, from = value?.from ?? "due") =>
    onChange({ rule, from, time_zone: value?.time_zone ?? timeZone, time: value?.time ?? null });
  const pick = (next: string) => {
    setOwn(next === OWN);
    if (next === NEVER) onChange(null);
    else if (next !== OWN) put(next);
  };
  const said = value === null ? t("repeat.never") : ruleInWords(value.rule, t, locale);
  const impossible = dueAt === null && value === null;
  return (
    <div className={styles.picker}>
      <Picker
        {...look}
        label={look.label ?? t("repeat.label")}
        said={impossible ? t("repeat.needsDue") : said}
        options={options}
        values={[value?.rule ?? NEVER]}
        onPick={pick}
        disabled={look.disabled === true || impossible}
      >
        {value === null ? (
          <IconRepeatOff size={18} aria-hidden />
        ) : (
          <IconRepeat size={18} aria-hidden />
        )}
        {!look.compact && <span>{impossible ? t("repeat.needsDue") : said}</span>}
      </Picker>
      {own && (
        <OwnRule
          rule={value?.rule ?? rules[2] ?? ""}
          locale={locale}
          onPut={(rule) => {
            setOwn(false);
            put(rule);
          }}
          onCancel={() => setOwn(false)}
        />
      )}
      {value !== null && !look.compact && (
        <Checkbox
          size="sm"
          label={t("repeat.fromCompletion")}
          disabled={look.disabled === true}
          checked={value.from === "completion"}
          onChange={(event) => put(value.rule, event.currentTarget.checked ? "completion" : "due")}
        />
      )}
    </div>
  );
}

type OwnProps = {
  rule: string;
  locale: string;
  onPut: (rule: string) => void;
  onCancel: () => void;
};

function OwnRule({ rule, locale, onPut, onCancel }: OwnProps) {
  const { t } = useTranslation("parts");
  const [typed, setTyped] = useState(rule);
  const id = useId();
  const read = readRule(typed);
  const put = () =>
    read &&
    onPut(
      typed
        .trim()
        .toUpperCase()
        .replace(/^RRULE:/, ""),
    );
  return (
    <form
      className={styles.own}
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        put();
      }}
    >
      <TextInput
        label={t("repeat.ownLabel")}
        description={t("repeat.ownHint")}
        aria-describedby={`${id}-words`}
        dir="ltr"
        autoFocus
        spellCheck={false}
        value={typed}
        error={read === null && typed.trim() !== "" ? t("repeat.wrong") : undefined}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Text id={`${id}-words`} size="sm" aria-live="polite">
        {read && ruleInWords(typed, t, locale)}
      </Text>
      <div className={styles.buttons}>
        <Button type="submit" size="compact-sm" disabled={read === null}>
          {t("repeat.take")}
        </Button>
        <Button size="compact-sm" variant="default" onClick={onCancel}>
          {t("repeat.cancel")}
        </Button>
      </div>
    </form>
  );
}
