import { Button, SegmentedControl, Switch, useMantineColorScheme } from "@mantine/core";
import { useState, useSyncExternalStore } from "react";
import { speak } from "@/i18n";
import type { Language, Theme } from "@/i18n/look";
import { useTranslation } from "@/i18n/words";
import { install, offered, onOffer } from "@/parts/install";
import { shortcutsOn, switchShortcuts } from "@/parts/shortcuts";
import { allowedHosts, forgetHost, onHosts } from "@/text/markdown/hosts";
import { LANGUAGE_NAMES } from "./languages";
import { Section, SettingsFrame } from "./SettingsFrame";
import styles from "./settings.module.css";

const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** How this browser shows the application. */
export function AppearancePage() {
  const { t, i18n } = useTranslation("settings");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <SettingsFrame page="appearance">
      <Section title={t("look.theme")} hint={t("look.themeHint")}>
        <SegmentedControl
          aria-label={t("look.theme")}
          size="md"
          value={colorScheme}
          onChange={(next) => setColorScheme(next as Theme)}
          data={THEMES.map((value) => ({ value, label: t(`themes.${value}`) }))}
        />
      </Section>
      <Section title={t("look.language")} hint={t("look.languageHint")}>
        <SegmentedControl
          aria-label={t("look.language")}
          size="md"
          value={i18n.language}
          onChange={(next) => void speak(next as Language)}
          data={LANGUAGE_NAMES}
        />
      </Section>
      <Keys />
      <Install />
      <Pictures />
    </SettingsFrame>
  );
}

function Keys() {
  const { t } = useTranslation("settings");
  const [on, setOn] = useState(shortcutsOn);
  return (
    <Section title={t("look.keys")}>
      <Switch
        label={t("look.singleKeys")}
        description={t("look.singleKeysHint")}
        checked={on}
        onChange={({ currentTarget: { checked } }) => {
          switchShortcuts(checked);
          setOn(checked);
        }}
      />
    </Section>
  );
}

function Install() {
  const { t } = useTranslation("settings");
  const can = useSyncExternalStore(onOffer, offered);
  const installed = matchMedia("(display-mode: standalone)").matches;
  return (
    <Section title={t("look.install")} hint={t(installed ? "look.installed" : "look.installHint")}>
      {can ? (
        <Button onClick={() => void install()}>{t("look.installNow")}</Button>
      ) : installed ? null : (
        <p className={styles.hint}>{t("look.installByHand")}</p>
      )}
    </Section>
  );
}

/** Hosts whose pictures come without asking; more are allowed beside the pictures. */
function Pictures() {
  const { t } = useTranslation("settings");
  const hosts = [...useSyncExternalStore(onHosts, allowedHosts)].sort();
  return (
    <Section title={t("look.pictures")} hint={t("look.picturesHint")}>
      {hosts.length === 0 ? <p className={styles.small}>{t("look.noHosts")}</p> : null}
      <ul className={styles.list}>
        {hosts.map((host) => (
          <li key={host} className={styles.item}>
            <span className={styles.what}>{host}</span>
            <Button
              variant="default"
              aria-label={t("look.forgetNamed", { host })}
              onClick={() => forgetHost(host)}
            >
              {t("look.forget")}
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  );
}
