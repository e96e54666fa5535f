import { Button, Group, Skeleton, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconPlugConnectedX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "@/i18n/words";
import { useLanguage, useZone } from "@/replica/hooks";
import { formatMoment, localeFor } from "@/time/format";
import { AdminFrame } from "./AdminFrame";
import classes from "./admin.module.css";
import { askHealth } from "./health";

const ICONS = {
  ok: IconCircleCheck,
  degraded: IconAlertTriangle,
  failed: IconAlertTriangle,
  away: IconPlugConnectedX,
} as const;
const WORDS = { ok: "health.works", degraded: "health.weak", failed: "health.broken" } as const;

const EVERY_MS = 10_000;
const ICON = 22;

export function HealthPage() {
  return (
    <AdminFrame page="health">
      <Parts />
    </AdminFrame>
  );
}

function Parts() {
  const { t, i18n } = useTranslation("admin");
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const {
    data: health,
    dataUpdatedAt,
    refetch,
    isFetching,
  } = useQuery({
    queryKey: ["admin", "health"],
    queryFn: ({ signal }) => askHealth(signal),
    refetchInterval: EVERY_MS,
    staleTime: 0,
    retry: false,
    networkMode: "always",
  });
  const took = new Intl.NumberFormat(i18n.language, {
    style: "unit",
    unit: "millisecond",
    maximumFractionDigits: 1,
  });
  if (health === undefined) return <Skeleton height="12rem" />;
  const Icon = ICONS[health.status];
  return (
    <>
      <Group justify="space-between" align="start">
        <div role="status">
          <Group gap="xs" className={health.status === "ok" ? classes.good : classes.bad}>
            <Icon size={ICON} aria-hidden />
            <Text fw={600}>{t(`health.${health.status}`)}</Text>
          </Group>
          <Text className={classes.note}>{t(`healthHints.${health.status}`)}</Text>
        </div>
        <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
          {t("health.again")}
        </Button>
      </Group>
      <ul className={classes.rows} aria-label={t("health.parts")}>
        {health.checks.map(({ name, status, seconds, detail }) => {
          const Sign = ICONS[status];
          return (
            <li key={name} className={classes.row}>
              <Sign
                size={ICON}
                aria-hidden
                className={status === "ok" ? classes.good : classes.bad}
              />
              <span className={classes.name}>
                {t(`parts.${name}`, { defaultValue: name })}
                {detail !== null && (
                  <span className={classes.note} lang="en">
                    {detail}
                  </span>
                )}
              </span>
              <span>{t(WORDS[status])}</span>
              {seconds !== null && <span>{took.format(seconds * 1000)}</span>}
            </li>
          );
        })}
      </ul>
      <Text className={classes.note}>
        {t("health.at", { when: formatMoment(dataUpdatedAt, locale, zone) })}
      </Text>
    </>
  );
}
