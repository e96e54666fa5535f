import { Alert } from "@mantine/core";
import { useCallback, useState } from "react";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./auth.module.css";
import { ButtonLink, PasswordField, Submit } from "./fields";
import { reset, tokenOfLink } from "./open";

/** Set a new password with a mailed link. */
export function ResetPasswordPage() {
  const { t } = useTranslation("auth");
  const [token] = useState(tokenOfLink);
  const [done, setDone] = useState(false);
  const send = useCallback(
    async ({ password = "" }) => {
      await reset(token, password);
      setDone(true);
    },
    [token],
  );
  const form = useForm(send, true);
  const bad = token === "" || form.problem?.errors.some((item) => item.pointer === "/token");
  if (done) {
    return (
      <AuthFrame title={t("reset.doneTitle")} intro={<span role="status">{t("reset.done")}</span>}>
        <ButtonLink to="/login" size="md" fullWidth mt="lg">
          {t("login.submit")}
        </ButtonLink>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame title={t("reset.title")} intro={bad ? undefined : t("reset.intro")}>
      {bad ? (
        <>
          <Alert color="red" variant="light" mt="lg">
            {t("reset.bad")}
          </Alert>
          <ButtonLink to="/forgot-password" size="md" fullWidth mt="md">
            {t("reset.another")}
          </ButtonLink>
        </>
      ) : (
        <form className={styles.form} {...form.props}>
          <PasswordField form={form} fresh />
          <Submit form={form} label={t("reset.submit")} />
        </form>
      )}
    </AuthFrame>
  );
}
