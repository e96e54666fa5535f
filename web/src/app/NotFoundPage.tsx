import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Nothing has this address. */
export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <main>
      <h1>{t("notFound.title")}</h1>
      <p>{t("notFound.text")}</p>
      <Link to="/my-tasks">{t("notFound.home")}</Link>
    </main>
  );
}
