import {
  IconBell,
  IconDevices,
  IconKey,
  IconLock,
  IconPalette,
  IconUser,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "@/i18n/words";
import { usePageTitle } from "@/parts/pageTitle";
import styles from "./settings.module.css";

const PAGES = [
  ["profile", IconUser],
  ["password", IconLock],
  ["sessions", IconDevices],
  ["tokens", IconKey],
  ["notifications", IconBell],
  ["appearance", IconPalette],
] as const;

type Name = (typeof PAGES)[number][0];

/** The ways between the pages of settings, and one of them. */
export function SettingsFrame({ page, children }: { page: Name; children: ReactNode }) {
  const { t } = useTranslation("settings");
  usePageTitle(t(`pages.${page}`));
  return (
    <div className={styles.page}>
      <h1 className={styles.title}>{t("title")}</h1>
      <nav aria-label={t("title")}>
        <ul className={styles.tabs}>
          {PAGES.map(([name, Icon]) => (
            <li key={name}>
              <Link to={`/settings/${name}`} className={styles.tab}>
                <Icon size={18} aria-hidden />
                {t(`pages.${name}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {children}
    </div>
  );
}

type SectionProps = { title: string; hint?: ReactNode; danger?: boolean; children: ReactNode };

/** One matter of a page. */
export function Section({ title, hint, danger = false, children }: SectionProps) {
  return (
    <section className={`${styles.section} ${danger ? styles.danger : ""}`}>
      <h2>{title}</h2>
      {hint ? <p className={styles.hint}>{hint}</p> : null}
      {children}
    </section>
  );
}
