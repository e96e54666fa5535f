import { Alert, Button } from "@mantine/core";
import { useCallback, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./auth.module.css";
import { EmailField, QuietLink, Submit } from "./fields";
import { forgot } from "./open";

/** Have a link mailed. What is said is the same for every address. */
export function ForgotPasswordPage() {
  const { t } = useTranslation("auth");
  const [sentTo, setSentTo] = useState<string | null>(null);
  const send = useCallback(async ({ email = "" }) => {
    await forgot(email.trim());
    setSentTo(email.trim());
  }, []);
  return (
    <AuthFrame title={t("forgot.title")} intro={sentTo === null ? t("forgot.intro") : undefined}>
      {sentTo === null ? (
        <ForgotForm send={send} />
      ) : (
        <>
          <Alert variant="light" mt="lg">
            {t("forgot.sent", { email: sentTo })}
          </Alert>
          <Button variant="default" fullWidth mt="md" onClick={() => setSentTo(null)}>
            {t("forgot.again")}
          </Button>
        </>
      )}
      <nav className={styles.links} aria-label={t("otherWays")}>
        <QuietLink to="/login">{t("back")}</QuietLink>
      </nav>
    </AuthFrame>
  );
}

function ForgotForm({ send }: { send: (values: Record<string, string>) => Promise<void> }) {
  const { t } = useTranslation("auth");
  const form = useForm(send, true);
  return (
    <form className={styles.form} {...form.props}>
      <EmailField form={form} />
      <Submit form={form} label={t("forgot.submit")} />
    </form>
  );
}
