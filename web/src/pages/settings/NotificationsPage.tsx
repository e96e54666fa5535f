import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { AddressSection, addressesKey } from "./AddressSection";
import { Matrix } from "./Matrix";
import { PushSection } from "./PushSection";
import { type Channel, useKeep, usePreferences } from "./preferences";
import { Section, SettingsFrame } from "./SettingsFrame";
import { TimesSection } from "./TimesSection";

/** What somebody is told of, how, and when. */
export function NotificationsPage() {
  const { t } = useTranslation("settings");
  const asked = usePreferences();
  const addresses = useQuery({
    queryKey: addressesKey,
    queryFn: ({ signal }) => data(api.GET("/api/v1/notifications/addresses", { signal })),
  });
  const keep = useKeep();
  const ways = addresses.data?.items ?? [];
  const channels: Channel[] = ["in_app", "email", "push"];
  for (const { channel, available } of ways) if (available) channels.push(channel);
  return (
    <SettingsFrame page="notifications">
      {asked.isPending ? <PageSkeleton rows={12} /> : null}
      {asked.isError ? (
        <ErrorNote error={asked.error} onRetry={() => void asked.refetch()} />
      ) : null}
      {asked.data ? (
        <>
          <Section title={t("matrix.title")} hint={t("matrix.hint")}>
            <Matrix preferences={asked.data.value} channels={channels} onChange={keep} />
          </Section>
          <TimesSection preferences={asked.data.value} onChange={keep} />
        </>
      ) : null}
      <PushSection />
      {ways.map((address) => (
        <AddressSection key={address.channel} address={address} />
      ))}
    </SettingsFrame>
  );
}
