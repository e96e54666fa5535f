import { Badge, Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { useForm } from "@/parts/useForm";
import { type Me, refreshMe } from "@/replica/hooks";
import { Password, Submit } from "./fields";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";

/** The address, whether it is confirmed, and another one. */
export function EmailSection({ me }: { me: Me }) {
  const { t } = useTranslation("settings");
  const [changing, setChanging] = useState(false);
  const confirmed = me.email_confirmed_at !== null;
  const resend = useMutation({
    mutationFn: () => api.POST("/api/v1/auth/email/resend"),
    onSuccess: () => tell({ text: t("profile.sent", { email: me.email }), tone: "good" }),
    onError: (error) => {
      if (asProblem(error).code === "email_confirmed") void refreshMe();
      else void fail(error);
    },
  });
  return (
    <Section title={t("profile.email")} hint={confirmed ? null : t("profile.unconfirmedHint")}>
      <p className={styles.row}>
        <span>{me.email}</span>
        <Badge component="span" variant="default" leftSection={confirmed ? "✓" : null}>
          {t(confirmed ? "profile.confirmed" : "profile.unconfirmed")}
        </Badge>
      </p>
      {changing ? (
        <EmailForm onDone={() => setChanging(false)} />
      ) : (
        <div className={styles.buttons}>
          <Button variant="default" onClick={() => setChanging(true)}>
            {t("profile.changeEmail")}
          </Button>
          {confirmed ? null : (
            <Button variant="default" loading={resend.isPending} onClick={() => resend.mutate()}>
              {t("profile.resend")}
            </Button>
          )}
        </div>
      )}
    </Section>
  );
}

function EmailForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("settings");
  const send = useCallback(
    async ({ email = "", current_password = "" }) => {
      await api.PATCH("/api/v1/users/me", { body: { email: email.trim(), current_password } });
      await refreshMe();
      tell({ text: t("profile.emailDone", { email: email.trim() }), tone: "good" });
      onDone();
    },
    [t, onDone],
  );
  const form = useForm(send, true);
  const taken = form.problem?.code === "email_taken" ? t("profile.emailTaken") : undefined;
  return (
    <form className={styles.form} {...form.props}>
      <TextInput
        name="email"
        type="email"
        label={t("profile.newEmail")}
        autoComplete="email"
        autoCapitalize="none"
        maxLength={254}
        error={form.error("email")}
      />
      <Password form={form} name="current_password" label={t("password.current")} />
      <Submit form={form} label={t("profile.changeEmail")} failure={taken} />
      <div>
        <Button variant="subtle" onClick={onDone}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}
