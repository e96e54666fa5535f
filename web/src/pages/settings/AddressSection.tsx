import { Badge, Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { useForm } from "@/parts/useForm";
import { Submit } from "./fields";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";

type Address = Schemas["Address"];

export const addressesKey = ["settings", "addresses"] as const;

/** Where messages of a channel go: said by the person, and confirmed by a code. */
export function AddressSection({ address }: { address: Address }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [changing, setChanging] = useState(false);
  const { channel } = address;
  const params = { path: { channel } };
  const known = useCallback(() => client.invalidateQueries({ queryKey: addressesKey }), [client]);
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/notifications/addresses/{channel}", { params }),
    onSuccess: () => tell({ text: t("address.removed") }),
    onError: fail,
    onSettled: known,
  });
  const title = t(`channels.${channel}`);
  if (!address.available) {
    return (
      <Section title={title}>
        <p className={styles.hint}>{t(`address.${channel}None`)}</p>
      </Section>
    );
  }
  const there = address.address ?? null;
  const confirmed = address.confirmed_at != null;
  return (
    <Section title={title} hint={t(`address.${channel}Hint`)}>
      {there === null ? null : (
        <p className={styles.row}>
          <bdi>{there}</bdi>
          <Badge component="span" variant="default" leftSection={confirmed ? "✓" : null}>
            {t(confirmed ? "profile.confirmed" : "profile.unconfirmed")}
          </Badge>
        </p>
      )}
      {there !== null && !confirmed && !changing ? (
        <CodeForm channel={channel} onDone={known} />
      ) : null}
      {there === null || changing ? (
        <PlaceForm
          channel={channel}
          onDone={() => {
            setChanging(false);
            return known();
          }}
        />
      ) : (
        <div className={styles.buttons}>
          <Button variant="default" mt="sm" onClick={() => setChanging(true)}>
            {t("address.change")}
          </Button>
          <Button
            variant="default"
            mt="sm"
            loading={remove.isPending}
            onClick={() => remove.mutate()}
          >
            {t("address.remove")}
          </Button>
        </div>
      )}
    </Section>
  );
}

type FormProps = { channel: Address["channel"]; onDone: () => Promise<void> };

function PlaceForm({ channel, onDone }: FormProps) {
  const { t } = useTranslation("settings");
  const send = useCallback(
    async ({ address = "" }) => {
      const params = { path: { channel } };
      const body = { address: address.trim() };
      await api.PUT("/api/v1/notifications/addresses/{channel}", { params, body });
      tell({ text: t("address.sent", { address: body.address }), tone: "good" });
      await onDone();
    },
    [channel, onDone, t],
  );
  const form = useForm(send);
  return (
    <form className={styles.form} {...form.props}>
      <TextInput
        name="address"
        type={channel === "sms" ? "tel" : "text"}
        label={t(`address.${channel}`)}
        autoComplete={channel === "sms" ? "tel" : "off"}
        error={form.error("address")}
      />
      <Submit form={form} label={t("address.send")} />
    </form>
  );
}

function CodeForm({ channel, onDone }: FormProps) {
  const { t } = useTranslation("settings");
  const send = useCallback(
    async ({ code = "" }) => {
      const params = { path: { channel } };
      const body = { code: code.trim() };
      await api.POST("/api/v1/notifications/addresses/{channel}/confirm", { params, body });
      tell({ text: t("address.done"), tone: "good" });
      await onDone();
    },
    [channel, onDone, t],
  );
  const form = useForm(send);
  return (
    <form className={styles.form} {...form.props}>
      <TextInput
        name="code"
        label={t("address.code")}
        description={t("address.codeHint")}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={20}
        error={form.error("code")}
      />
      <Submit form={form} label={t("address.confirm")} />
    </form>
  );
}
