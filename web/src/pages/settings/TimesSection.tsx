import { NativeSelect, Switch, TextInput } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import { useZone } from "@/replica/hooks";
import type { Preferences } from "./preferences";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";

const NIGHT = { start: "22:00", end: "07:00" };
const MORNING = "08:00";
const MINUTES = [0, 5, 10, 15, 30, 60];

type Props = {
  preferences: Preferences;
  onChange: (next: (before: Preferences) => Preferences) => void;
};

/** When what leaves the application leaves. */
export function TimesSection({ preferences, onChange }: Props) {
  const { t } = useTranslation("settings");
  const zone = useZone();
  const { quiet_hours: quiet, digest_at: digest, bundle_minutes: bundle } = preferences;
  const minutes = MINUTES.includes(bundle) ? MINUTES : [...MINUTES, bundle];
  const set = (patch: Partial<Preferences>) => onChange((before) => ({ ...before, ...patch }));
  return (
    <Section title={t("times.title")} hint={t("times.hint", { zone })}>
      <div className={styles.form}>
        <Switch
          label={t("times.quiet")}
          description={t("times.quietHint")}
          checked={quiet !== null}
          onChange={(event) => set({ quiet_hours: event.currentTarget.checked ? NIGHT : null })}
        />
        {quiet === null ? null : (
          <div className={styles.row}>
            <Clock
              label={t("times.from")}
              value={quiet.start}
              onChange={(start) => set({ quiet_hours: { ...quiet, start } })}
              other={quiet.end}
            />
            <Clock
              label={t("times.to")}
              value={quiet.end}
              onChange={(end) => set({ quiet_hours: { ...quiet, end } })}
              other={quiet.start}
            />
          </div>
        )}
        <Switch
          label={t("times.digest")}
          description={t("times.digestHint")}
          checked={digest !== null}
          onChange={(event) => set({ digest_at: event.currentTarget.checked ? MORNING : null })}
        />
        {digest === null ? null : (
          <Clock
            label={t("times.at")}
            value={digest}
            onChange={(digest_at) => set({ digest_at })}
          />
        )}
        <NativeSelect
          label={t("times.bundle")}
          description={t("times.bundleHint")}
          value={String(bundle)}
          data={minutes.map((count) => ({
            value: String(count),
            label: count === 0 ? t("times.atOnce") : t("times.minutes", { count }),
          }))}
          onChange={(event) => set({ bundle_minutes: Number(event.currentTarget.value) })}
        />
      </div>
    </Section>
  );
}

type ClockProps = {
  label: string;
  value: string;
  /** A time that it must differ from. */
  other?: string;
  onChange: (next: string) => void;
};

/** A time of day, taken when it is whole. */
function Clock({ label, value, other, onChange }: ClockProps) {
  return (
    <TextInput
      key={value}
      type="time"
      label={label}
      defaultValue={value}
      onBlur={({ currentTarget }) => {
        const next = currentTarget.value.slice(0, 5);
        if (next === value) return;
        if (next === "" || next === other) currentTarget.value = value;
        else onChange(next);
      }}
    />
  );
}
