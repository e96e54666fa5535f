import { Link } from "@tanstack/react-router";
import { useTranslation } from "@/i18n/words";
import { usePageTitle } from "./pageTitle";

/** Nothing has this address. */
export function NothingHere() {
  const { t } = useTranslation();
  usePageTitle(t("notFound.title"));
  return (
    <>
      <h1>{t("notFound.title")}</h1>
      <p>{t("notFound.text")}</p>
      <Link to="/my-tasks">{t("notFound.home")}</Link>
    </>
  );
}
