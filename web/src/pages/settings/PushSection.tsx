import { Alert, Badge, Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { useLanguage, useZone } from "@/replica/hooks";
import { formatMoment, localeFor } from "@/time/format";
import { ability, ownEndpoint, subscribe, unsubscribe } from "./push";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";
import { useDeviceName } from "./useDeviceName";

type Subscription = Schemas["Subscription"];
const KEY = ["settings", "push"] as const;

/** The browsers that are told while the application is closed. */
export function PushSection() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const asked = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const list = data(api.GET("/api/v1/notifications/push/subscriptions", { signal }));
      const [{ items }, can, own] = await Promise.all([list, ability(), ownEndpoint()]);
      return { items, can, own };
    },
  });
  const again = () => client.invalidateQueries({ queryKey: KEY });
  const begin = useMutation({
    mutationFn: subscribe,
    onSuccess: (agreed) => {
      if (agreed) tell({ text: t("push.done"), tone: "good" });
    },
    onError: (error) => {
      // The browser's own push service may be away, or switched off.
      if (error instanceof DOMException) tell({ text: t("push.failed"), tone: "bad" });
      else void fail(error);
    },
    onSettled: again,
  });
  const { items = [], can, own } = asked.data ?? {};
  const told = items.some(({ endpoint }) => endpoint === own);
  return (
    <Section title={t("push.title")} hint={t("push.hint")}>
      {can !== undefined && can !== "able" ? (
        <Alert variant="light" mb="sm">
          {t(`push.${can}`)}
        </Alert>
      ) : null}
      {can === "able" && !told ? (
        <Button mb="sm" loading={begin.isPending} onClick={() => begin.mutate()}>
          {t("push.begin")}
        </Button>
      ) : null}
      <ul className={styles.list}>
        {items.map((one) => (
          <Row key={one.id} subscription={one} own={one.endpoint === own} onDone={again} />
        ))}
      </ul>
    </Section>
  );
}

type RowProps = { subscription: Subscription; own: boolean; onDone: () => Promise<void> };

function Row({ subscription, own, onDone }: RowProps) {
  const { t } = useTranslation("settings");
  const zone = useZone();
  const locale = localeFor(useLanguage());
  const name = useDeviceName(subscription.user_agent);
  const end = useMutation({
    mutationFn: () => unsubscribe(subscription.id, subscription.endpoint),
    onError: fail,
    onSettled: onDone,
  });
  const date = formatMoment(Date.parse(subscription.created_at), locale, zone, "dateYear");
  return (
    <li className={styles.item}>
      <div className={styles.what}>
        <p>
          <strong>{name}</strong> {own ? <Badge component="span">{t("push.own")}</Badge> : null}
        </p>
        <p className={styles.small}>{t("push.since", { date })}</p>
      </div>
      <Button
        variant="default"
        loading={end.isPending}
        aria-label={t("push.endNamed", { name })}
        onClick={() => end.mutate()}
      >
        {t("push.end")}
      </Button>
    </li>
  );
}
