import { Link } from "@tanstack/react-router";
import { useTranslation } from "@/i18n/words";

/** Nothing has this address. */
export function NothingHere() {
  const { t } = useTranslation();
  return (
    <>
      <h1>{t("notFound.title")}</h1>
      <p>{t("notFound.text")}</p>
      <Link to="/my-tasks">{t("notFound.home")}</Link>
    </>
  );
}
