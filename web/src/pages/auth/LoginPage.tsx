import { Alert } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { sessionEnded } from "@/api/session";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./auth.module.css";
import { EmailField, PasswordField, QuietLink, Submit } from "./fields";
import { logIn } from "./open";
import { useArrival } from "./useArrival";

const route = getRouteApi("/login");
const send = ({ email = "", password = "" }) => logIn({ email: email.trim(), password });

/** Sign in, and on to where somebody was going. */
export function LoginPage() {
  const { t } = useTranslation("auth");
  const search = route.useSearch();
  useArrival(search.next);
  const form = useForm(send, true);
  const wrong = form.problem?.code === "credentials_wrong" ? t("login.wrong") : undefined;
  return (
    <AuthFrame title={t("login.title")}>
      <form className={styles.form} {...form.props}>
        {sessionEnded() ? <Alert variant="light">{t("login.ended")}</Alert> : null}
        <EmailField form={form} />
        <PasswordField form={form} />
        <Submit form={form} label={t("login.submit")} failure={wrong} />
      </form>
      <nav className={styles.links} aria-label={t("otherWays")}>
        <QuietLink to="/register" search={search}>
          {t("login.register")}
        </QuietLink>
        <QuietLink to="/forgot-password">{t("login.forgot")}</QuietLink>
      </nav>
    </AuthFrame>
  );
}
