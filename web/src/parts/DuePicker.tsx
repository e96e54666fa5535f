import { Button, Input, Popover, Skeleton, UnstyledButton } from "@mantine/core";
import { IconCalendarDue, IconSelector } from "@tabler/icons-react";
import { type KeyboardEvent, Suspense, useId, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";
import { nowMs } from "@/time/clock";
import {
  addDays,
  type DayKey,
  dayOf,
  dayOfIso,
  dueOn,
  type TimeOfDay,
  timeOf,
  weekdayOf,
} from "@/time/dates";
import { formatDay, formatDue, formatDueLong, localeFor } from "@/time/format";
import { DueDate } from "./DueDate";
import styles from "./DuePicker.module.css";
import type { PickerLook } from "./Picker";
import pickerStyles from "./Picker.module.css";

const DueCalendar = arriving(() =>
  import("./DueCalendar").then((module) => ({ default: module.DueCalendar })),
);

type Props = PickerLook & {
  value: string | null;
  onChange: (value: string | null) => void;
  timeZone: string;
  language: string;
  /** Completed or cancelled: never overdue. */
  closed?: boolean;
};

const MONDAY = 1;
const QUICK = ["today", "tomorrow", "nextWeek"] as const;

/** The quick choices of a day: today, tomorrow, the next Monday. */
export function quickDays(today: DayKey): { today: DayKey; tomorrow: DayKey; nextWeek: DayKey } {
  const ahead = (MONDAY - weekdayOf(today) + 7) % 7 || 7;
  return { today, tomorrow: addDays(today, 1), nextWeek: addDays(today, ahead) };
}

/** A day, with a time where one is wanted. */
export function DuePicker(props: Props) {
  const { value, timeZone, language, label, variant = "field", disabled = false, error } = props;
  const { t } = useTranslation("parts");
  const [opened, setOpened] = useState(props.defaultOpened ?? false);
  const locale = localeFor(language);
  const name = label ?? t("due.due");
  // What is seen, and then all of it.
  const said =
    value === null
      ? t("due.none")
      : `${formatDue(value, nowMs(), locale, timeZone)}, ${formatDueLong(value, locale, timeZone)}`;
  const id = useId();
  const open = (next: boolean) => {
    setOpened(next);
    if (!next && opened) props.onClose?.();
  };
  const target = (
    <UnstyledButton
      className={pickerStyles.target ?? ""}
      data-variant={variant}
      data-error={error ? true : undefined}
      disabled={disabled}
      aria-label={`${name}: ${said}`}
      aria-describedby={error ? `${id}-error` : undefined}
      onClick={() => open(!opened)}
    >
      <span className={pickerStyles.value}>
        {value !== null ? (
          <DueDate
            iso={value}
            timeZone={timeZone}
            language={language}
            closed={props.closed ?? false}
          />
        ) : (
          <span className={styles.none}>
            <IconCalendarDue size={18} aria-hidden />
            {!props.compact && t("due.none")}
          </span>
        )}
      </span>
      {variant === "field" && (
        <IconSelector className={pickerStyles.chevron} size={16} aria-hidden />
      )}
    </UnstyledButton>
  );
  return (
    <Popover
      opened={opened}
      onChange={open}
      position="bottom-start"
      shadow="md"
      trapFocus
      returnFocus
      withRoles
    >
      {variant === "bare" ? (
        <Popover.Target>{target}</Popover.Target>
      ) : (
        <Input.Wrapper
          label={name}
          labelElement="div"
          error={error}
          errorProps={{ id: `${id}-error` }}
        >
          <Popover.Target>{target}</Popover.Target>
        </Input.Wrapper>
      )}
      <Popover.Dropdown className={styles.dropdown ?? ""} aria-label={name}>
        <Choices {...props} locale={locale} close={() => open(false)} />
      </Popover.Dropdown>
    </Popover>
  );
}

type ChoicesProps = Props & { locale: string; close: () => void };

function Choices({ value, onChange, timeZone, language, locale, close }: ChoicesProps) {
  const { t } = useTranslation("parts");
  const today = dayOf(nowMs(), timeZone);
  const day = value === null ? null : dayOfIso(value, timeZone);
  const time = value === null ? null : timeOf(value, timeZone);
  const quick = quickDays(today);
  // On a Sunday two of them are the same day, which is then tomorrow.
  const chosen = QUICK.find((which) => day === quick[which]);
  const choose = (next: DayKey | null) => {
    onChange(next === null ? null : dueOn(next, timeZone, time));
    close();
  };
  return (
    <>
      <div className={styles.quick}>
        {QUICK.map((which) => (
          <Button
            key={which}
            size="compact-sm"
            variant={chosen === which ? "light" : "default"}
            onClick={() => choose(quick[which])}
          >
            {t(`due.${which}`)}{" "}
            <small className={styles.weekday}>
              {formatDay(quick[which], locale, "weekdayShort")}
            </small>
          </Button>
        ))}
        <Button
          size="compact-sm"
          variant="subtle"
          disabled={value === null}
          onClick={() => choose(null)}
        >
          {t("due.remove")}
        </Button>
      </div>
      <Suspense fallback={<Skeleton className={styles.coming ?? ""} />}>
        <DueCalendar
          day={day}
          today={today}
          language={language}
          locale={locale}
          onChange={choose}
        />
      </Suspense>
      <Time
        time={time}
        onChange={(next) => onChange(dueOn(day ?? today, timeZone, next))}
        onDone={close}
      />
    </>
  );
}

type TimeProps = {
  time: TimeOfDay | null;
  onChange: (time: TimeOfDay | null) => void;
  onDone: () => void;
};

const pad = (value: number) => String(value).padStart(2, "0");

function Time({ time, onChange, onDone }: TimeProps) {
  const { t } = useTranslation("parts");
  const id = useId();
  // What is typed halfway is no time yet.
  const [typed, setTyped] = useState(time ? `${pad(time.hour)}:${pad(time.minute)}` : "");
  const put = () => {
    const found = /^(\d{1,2}):(\d{2})/.exec(typed);
    if (found) {
      const next = { hour: Number(found[1]), minute: Number(found[2]) };
      if (next.hour !== time?.hour || next.minute !== time.minute) onChange(next);
    } else if (time !== null) onChange(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    put();
    onDone();
  };
  return (
    <div className={styles.time}>
      <label htmlFor={id}>{t("due.time")}</label>
      <Input
        id={id}
        type="time"
        size="xs"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={put}
        onKeyDown={onKeyDown}
      />
      {typed !== "" && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            setTyped("");
            if (time !== null) onChange(null);
          }}
        >
          {t("due.noTime")}
        </Button>
      )}
    </div>
  );
}
