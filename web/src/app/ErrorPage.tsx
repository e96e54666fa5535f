import { useTranslation } from "@/i18n/words";

/** A page that could not be drawn: what happened, and a way on. */
export function ErrorPage({ error }: { error: unknown }) {
  const { t } = useTranslation();
  return (
    <main>
      <h1>{t("failed.title")}</h1>
      <p>{t("failed.text")}</p>
      <button type="button" onClick={() => location.reload()}>
        {t("failed.reload")}
      </button>
      <pre>{error instanceof Error ? error.message : String(error)}</pre>
    </main>
  );
}
