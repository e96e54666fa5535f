import { Alert } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { AuthFrame } from "./AuthFrame";
import styles from "./auth.module.css";
import { EmailField, NameField, PasswordField, QuietLink, Submit } from "./fields";
import { register } from "./open";
import { useArrival } from "./useArrival";

const route = getRouteApi("/register");
const send = ({ name = "", email = "", password = "" }) =>
  register({ name, email: email.trim(), password });

const CLOSED = new Set(["registration_closed", "invitation_required"]);
const KNOWN = new Set([...CLOSED, "email_taken", "invitation_pending"]);

/** Make an account; it is signed in at once. */
export function RegisterPage() {
  const { t } = useTranslation("auth");
  const search = route.useSearch();
  useArrival(search.next);
  const form = useForm(send, true);
  const code = form.problem?.code ?? "";
  const closed = CLOSED.has(code);
  return (
    <AuthFrame title={t("register.title")} intro={closed ? undefined : t("register.intro")}>
      {closed ? (
        <Alert variant="light" mt="lg">
          {t(`register.${code}`)}
        </Alert>
      ) : (
        <form className={styles.form} {...form.props}>
          <NameField form={form} />
          <EmailField form={form} />
          <PasswordField form={form} fresh />
          <Submit
            form={form}
            label={t("register.submit")}
            failure={KNOWN.has(code) ? t(`register.${code}`) : undefined}
          />
        </form>
      )}
      <nav className={styles.links} aria-label={t("otherWays")}>
        <QuietLink to="/login" search={search}>
          {t("register.login")}
        </QuietLink>
        {code === "email_taken" || code === "invitation_pending" ? (
          <QuietLink to="/forgot-password">{t(`register.${code}Link`)}</QuietLink>
        ) : null}
      </nav>
    </AuthFrame>
  );
}
