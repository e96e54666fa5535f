import { TextInput } from "@mantine/core";
import { useCallback } from "react";
import { api } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { useForm } from "@/parts/useForm";
import { type Me, refreshMe } from "@/replica/hooks";
import { Submit } from "./fields";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";

export function NameSection({ me }: { me: Me }) {
  const { t } = useTranslation("settings");
  const send = useCallback(
    async ({ name = "" }) => {
      await api.PATCH("/api/v1/users/me", { body: { name } });
      await refreshMe();
      tell({ text: t("saved"), tone: "good" });
    },
    [t],
  );
  const form = useForm(send);
  return (
    <Section title={t("profile.name")} hint={t("profile.nameHint")}>
      <form className={styles.form} {...form.props}>
        <TextInput
          name="name"
          aria-label={t("profile.name")}
          defaultValue={me.name}
          autoComplete="name"
          maxLength={100}
          error={form.error("name")}
        />
        <Submit form={form} label={t("save")} />
      </form>
    </Section>
  );
}
