import { Button, Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "@/api/client";
import { speak } from "@/i18n";
import type { Language } from "@/i18n/look";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { type Me, refreshMe } from "@/replica/hooks";
import { nowMs } from "@/time/clock";
import { formatMoment, localeFor } from "@/time/format";
import { LANGUAGE_NAMES } from "./languages";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";
import { zones } from "./zones";

type Patch = { time_zone: string } | { language: Language };

/** The clock and the language that somebody lives by. */
export function PlaceSection({ me }: { me: Me }) {
  const { t } = useTranslation("settings");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const names = useMemo(() => zones(me.time_zone, here), [me.time_zone, here]);
  const change = useMutation({
    mutationFn: async (patch: Patch) => {
      await api.PATCH("/api/v1/users/me", { body: patch });
      await Promise.all([refreshMe(), "language" in patch ? speak(patch.language) : null]);
    },
    onSuccess: (_, patch) => {
      // In the new language the page itself says it.
      if ("time_zone" in patch) tell({ text: t("saved"), tone: "good" });
    },
    onError: fail,
  });
  return (
    <Section title={t("profile.place")} hint={t("profile.placeHint")}>
      <div className={styles.form}>
        <Select
          label={t("profile.zone")}
          description={t("profile.clock", {
            time: formatMoment(nowMs(), localeFor(me.language), me.time_zone, "time"),
          })}
          searchable
          limit={200}
          allowDeselect={false}
          disabled={change.isPending}
          nothingFoundMessage={t("profile.noZone")}
          value={me.time_zone}
          data={names}
          onChange={(zone) => {
            if (zone !== null && zone !== me.time_zone) change.mutate({ time_zone: zone });
          }}
        />
        {here !== me.time_zone && names.includes(here) ? (
          <div>
            <Button variant="default" onClick={() => change.mutate({ time_zone: here })}>
              {t("profile.zoneHere", { zone: here })}
            </Button>
          </div>
        ) : null}
        <Select
          label={t("profile.language")}
          description={t("profile.languageHint")}
          allowDeselect={false}
          disabled={change.isPending}
          value={me.language}
          data={LANGUAGE_NAMES}
          onChange={(language) => {
            if (language !== null) change.mutate({ language: language as Language });
          }}
        />
      </div>
    </Section>
  );
}
