import {
  IconChartBar,
  IconHeartbeat,
  IconHistory,
  IconLock,
  IconStack2,
  IconUsers,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "@/i18n/words";
import { EmptyState } from "@/parts/EmptyState";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { usePageTitle } from "@/parts/pageTitle";
import { useMe } from "@/replica/hooks";
import classes from "./admin.module.css";

const PAGES = [
  ["users", IconUsers],
  ["workspaces", IconStack2],
  ["statistics", IconChartBar],
  ["audit", IconHistory],
  ["health", IconHeartbeat],
] as const;

type Name = (typeof PAGES)[number][0];

/** A page for administrators: the ways to the others above it. Everybody else is told so. */
export function AdminFrame({ page, children }: { page: Name; children: ReactNode }) {
  const { t } = useTranslation("admin");
  const me = useMe();
  usePageTitle(t(`pages.${page}`));
  if (me === undefined) return <PageSkeleton />;
  if (me.role !== "admin") {
    return (
      <>
        <h1 className={classes.title}>{t("title")}</h1>
        <EmptyState
          icon={<IconLock />}
          title={t("refused.title")}
          text={t("refused.text")}
          action={<Link to="/my-tasks">{t("notFound.home", { ns: "common" })}</Link>}
        />
      </>
    );
  }
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{t("title")}</h1>
      <nav aria-label={t("title")}>
        <ul className={classes.tabs}>
          {PAGES.map(([name, Icon]) => (
            <li key={name}>
              <Link to={`/admin/${name}`} className={classes.tab}>
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
