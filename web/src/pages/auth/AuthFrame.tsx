import { Title, UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { speak } from "@/i18n";
import { LANGUAGES, type Language } from "@/i18n/look";
import { useTranslation } from "@/i18n/words";
import { usePageTitle } from "@/parts/pageTitle";
import styles from "./auth.module.css";

const NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

/** The page around what somebody does who is not signed in. */
export function AuthFrame(props: { title: string; intro?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation("auth");
  usePageTitle(props.title);
  return (
    <main className={styles.page}>
      <div className={styles.column}>
        <div className={styles.brand}>
          <img src="/icon.svg" alt="" width={40} height={40} />
          {t("app", { ns: "common" })}
        </div>
        <section className={styles.card}>
          <Title order={1} size="h2">
            {props.title}
          </Title>
          {props.intro ? <p className={styles.intro}>{props.intro}</p> : null}
          {props.children}
        </section>
        <Languages />
      </div>
      <svg
        className={styles.sea}
        viewBox="0 0 1200 300"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path
          fill="currentColor"
          opacity="0.5"
          d="M0 120c150-70 250-70 400 0s250 70 400 0 250-70 400 0v180H0z"
        />
        <path
          fill="currentColor"
          d="M0 190c120-50 220-50 340 0s220 50 340 0 220-50 340 0 120 40 180 20v90H0z"
        />
      </svg>
    </main>
  );
}

function Languages() {
  const { t, i18n } = useTranslation("auth");
  return (
    <ul className={styles.languages} aria-label={t("language")}>
      {LANGUAGES.map((one) => (
        <li key={one}>
          <UnstyledButton
            className={styles.language}
            lang={one}
            aria-pressed={i18n.language === one}
            onClick={() => void speak(one)}
          >
            {NAMES[one]}
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}
