import { Alert, Badge, Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy, IconKey } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { useLanguage, useZone } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { formatMoment, localeFor } from "@/time/format";
import { Section, SettingsFrame } from "./SettingsFrame";
import styles from "./settings.module.css";
import { TokenForm } from "./TokenForm";

type Token = Schemas["TokenOut"];
type Made = Schemas["TokenMade"];
const KEY = ["settings", "tokens"] as const;

/** What programs sign in with. */
export function TokensPage() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [made, setMade] = useState<Made | null>(null);
  const asked = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => data(api.GET("/api/v1/auth/tokens", { signal })),
  });
  const onMade = (token: Made) => {
    setMade(token);
    void client.invalidateQueries({ queryKey: KEY });
  };
  const items = asked.data?.items ?? [];
  return (
    <SettingsFrame page="tokens">
      <Section title={t("tokens.title")} hint={t("tokens.hint")}>
        {made === null ? null : <Secret made={made} onDone={() => setMade(null)} />}
        {asked.isPending ? <PageSkeleton rows={2} /> : null}
        {asked.isError ? (
          <ErrorNote error={asked.error} onRetry={() => void asked.refetch()} />
        ) : null}
        {asked.isSuccess && items.length === 0 ? (
          <EmptyState
            icon={<IconKey />}
            title={t("tokens.none")}
            text={t("tokens.noneText")}
            level={3}
          />
        ) : null}
        <ul className={styles.list}>
          {items.map((token) => (
            <Row key={token.id} token={token} />
          ))}
        </ul>
      </Section>
      <Section title={t("tokens.make")}>
        <TokenForm onMade={onMade} />
      </Section>
    </SettingsFrame>
  );
}

/** Shown this once. */
function Secret({ made, onDone }: { made: Made; onDone: () => void }) {
  const { t } = useTranslation("settings");
  return (
    <Alert
      variant="light"
      mb="md"
      title={t("tokens.made", { name: made.name })}
      withCloseButton
      closeButtonLabel={t("tokens.kept")}
      onClose={onDone}
    >
      <p className={styles.hint}>{t("tokens.once")}</p>
      <div className={styles.row}>
        <code className={styles.secret}>{made.token}</code>
        <CopyButton value={made.token}>
          {({ copied, copy }) => (
            <Button
              leftSection={copied ? <IconCheck size={18} /> : <IconCopy size={18} />}
              onClick={copy}
            >
              <span aria-live="polite">{t(copied ? "tokens.copied" : "tokens.copy")}</span>
            </Button>
          )}
        </CopyButton>
      </div>
    </Alert>
  );
}

function Row({ token }: { token: Token }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const zone = useZone();
  const locale = localeFor(useLanguage());
  const [sure, setSure] = useState(false);
  const remove = useMutation({
    mutationFn: () => {
      const params = { path: { token_id: token.id } };
      return api.DELETE("/api/v1/auth/tokens/{token_id}", { params });
    },
    onSuccess: () => tell({ text: t("tokens.removed", { name: token.name }) }),
    onError: fail,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const day = (iso: string) => formatMoment(Date.parse(iso), locale, zone, "dateYear");
  const expired = token.expires_at !== null && Date.parse(token.expires_at) <= nowMs();
  return (
    <li className={styles.item}>
      <div className={styles.what}>
        <p>
          <strong dir="auto">{token.name}</strong>{" "}
          {expired ? (
            <Badge component="span" color="red">
              {t("tokens.expired")}
            </Badge>
          ) : null}
        </p>
        <p className={styles.small}>
          {token.scopes.map((scope) => t(`scopes.${scope}`)).join(", ")}
          {" · "}
          {token.expires_at === null
            ? t("tokens.forEver")
            : t(expired ? "tokens.expiredOn" : "tokens.until", { date: day(token.expires_at) })}
          {" · "}
          {t("tokens.since", { date: day(token.created_at) })}
        </p>
      </div>
      {/* A removed token cannot be brought back, so it takes two steps. */}
      <div className={styles.buttons}>
        {sure ? (
          <>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              {t("tokens.removeNow")}
            </Button>
            <Button variant="default" onClick={() => setSure(false)}>
              {t("keep")}
            </Button>
          </>
        ) : (
          <Button
            variant="default"
            aria-label={t("tokens.removeNamed", { name: token.name })}
            onClick={() => setSure(true)}
          >
            {t("tokens.remove")}
          </Button>
        )}
      </div>
    </li>
  );
}
