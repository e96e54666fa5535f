import { Badge, Button } from "@mantine/core";
import { IconDeviceDesktop, IconDeviceMobile } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { useLanguage, useZone } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { formatAgo, formatMoment, localeFor } from "@/time/format";
import { deviceOf } from "./device";
import { Section, SettingsFrame } from "./SettingsFrame";
import styles from "./settings.module.css";
import { useDeviceName } from "./useDeviceName";

type Session = Schemas["SessionOut"];
const KEY = ["settings", "sessions"] as const;

/** Where somebody is signed in, and an end to it. */
export function SessionsPage() {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const asked = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => data(api.GET("/api/v1/auth/sessions", { signal })),
  });
  const end = useMutation({
    mutationFn: async (sessions: readonly Session[]) => {
      for (const { id: session_id } of sessions) {
        const params = { path: { session_id } };
        await api.DELETE("/api/v1/auth/sessions/{session_id}", { params });
      }
      return sessions.length;
    },
    onSuccess: (count) => tell({ text: t("sessions.ended", { count }), tone: "good" }),
    onError: fail,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const items = asked.data?.items ?? [];
  const others = items.filter(({ current }) => !current);
  return (
    <SettingsFrame page="sessions">
      <Section title={t("sessions.title")} hint={t("sessions.hint")}>
        {asked.isPending ? <PageSkeleton rows={3} /> : null}
        {asked.isError ? (
          <ErrorNote error={asked.error} onRetry={() => void asked.refetch()} />
        ) : null}
        <ul className={styles.list}>
          {items.map((session) => (
            <Row
              key={session.id}
              session={session}
              ending={end.isPending}
              onEnd={() => end.mutate([session])}
            />
          ))}
        </ul>
        {others.length > 1 ? (
          <Button
            mt="md"
            color="red"
            variant="outline"
            loading={end.isPending}
            onClick={() => end.mutate(others)}
          >
            {t("sessions.endOthers", { count: others.length })}
          </Button>
        ) : null}
      </Section>
    </SettingsFrame>
  );
}

type RowProps = { session: Session; ending: boolean; onEnd: () => void };

function Row({ session, ending, onEnd }: RowProps) {
  const { t } = useTranslation("settings");
  const zone = useZone();
  const locale = localeFor(useLanguage());
  const name = useDeviceName(session.user_agent);
  const Icon = deviceOf(session.user_agent).handheld ? IconDeviceMobile : IconDeviceDesktop;
  return (
    <li className={styles.item}>
      <Icon size={28} stroke={1.5} aria-hidden />
      <div className={styles.what}>
        <p>
          <strong title={session.user_agent ?? undefined}>{name}</strong>{" "}
          {session.current ? <Badge component="span">{t("sessions.current")}</Badge> : null}
        </p>
        <p className={styles.small}>
          {t("sessions.used", { ago: formatAgo(session.used_at, nowMs(), locale, zone) })}
          {session.address ? ` · ${session.address}` : ""}
          {" · "}
          {t("sessions.since", {
            date: formatMoment(Date.parse(session.created_at), locale, zone, "dateYear"),
          })}
        </p>
      </div>
      {session.current ? null : (
        <Button
          variant="default"
          disabled={ending}
          aria-label={t("sessions.endNamed", { name })}
          onClick={onEnd}
        >
          {t("sessions.end")}
        </Button>
      )}
    </li>
  );
}
