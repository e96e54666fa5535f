import { useCallback, useRef } from "react";
import { api } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { useForm } from "@/parts/useForm";
import { useMe } from "@/replica/hooks";
import { Password, Submit } from "./fields";
import { Section, SettingsFrame } from "./SettingsFrame";
import styles from "./settings.module.css";

/** Another password; all other sessions end. */
export function PasswordPage() {
  const { t } = useTranslation("settings");
  const me = useMe();
  const reset = useRef(() => {});
  const send = useCallback(
    async ({ current_password = "", new_password = "" }) => {
      await api.POST("/api/v1/auth/password/change", { body: { current_password, new_password } });
      reset.current();
      tell({ text: t("password.done"), tone: "good" });
    },
    [t],
  );
  const form = useForm(send);
  reset.current = () => form.reset();
  return (
    <SettingsFrame page="password">
      <Section title={t("password.title")} hint={t("password.hint")}>
        <form className={styles.form} {...form.props}>
          {/* Tells password managers whose password this is. */}
          <input type="text" autoComplete="username" value={me?.email ?? ""} readOnly hidden />
          <Password form={form} name="current_password" label={t("password.current")} />
          <Password
            form={form}
            name="new_password"
            label={t("password.next")}
            description={t("password.rule")}
            fresh
          />
          <Submit form={form} label={t("password.submit")} />
        </form>
      </Section>
    </SettingsFrame>
  );
}
