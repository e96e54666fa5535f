import { ActionIcon, Button, MultiSelect, NativeSelect, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { useNames } from "@/parts/filters";
import { can, useLanguage, useMe, useRole, useZone } from "@/replica/hooks";
import type { View } from "@/replica/workspace";
import { momentOf } from "@/time/dates";
import { formatMoment, localeFor } from "@/time/format";
import classes from "./dashboard.module.css";
import { KindAndFormat, type Spec } from "./Reports";

type Schedule = Schemas["ScheduleOut"];
type Rule = Schemas["ScheduleRule"];
type Weekday = NonNullable<Rule["weekday"]>;
type Draft = Schemas["ScheduleIn"];

const WEEKDAYS: readonly Weekday[] = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
];

/** Reports that come by themselves, each day or week. */
export function Schedules({ view }: { view: View }) {
  const { t } = useTranslation("dashboard");
  const client = useQueryClient();
  const w = view.id;
  const edits = can.edit(useRole(w));
  const [making, setMaking] = useState(false);
  const key = ["report-schedules", w];
  const { data: list } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      data(api.GET("/api/v1/workspaces/{w}/report-schedules", { params: { path: { w } }, signal })),
  });
  const make = async (body: Draft) => {
    await api.POST("/api/v1/workspaces/{w}/report-schedules", {
      params: { path: { w }, header: { "Idempotency-Key": newKey() } },
      body,
    });
    setMaking(false);
    await client.invalidateQueries({ queryKey: key });
  };
  const remove = async ({ id, report, rule, recipients }: Schedule) => {
    const path = { w, schedule_id: id };
    await api.DELETE("/api/v1/workspaces/{w}/report-schedules/{schedule_id}", { params: { path } });
    await client.invalidateQueries({ queryKey: key });
    void tell({
      text: t("schedules.removed"),
      undo: () => void make({ report, rule, recipients }).catch(fail),
    });
  };
  const none = list !== undefined && list.items.length === 0;
  return (
    <>
      <h3 id="schedules">{t("schedules.title")}</h3>
      {none && <p className={classes.note}>{t(edits ? "schedules.none" : "schedules.viewer")}</p>}
      <ul className={classes.rows} aria-labelledby="schedules" hidden={none}>
        {list?.items.map((one) => (
          <ScheduleRow
            key={one.id}
            {...{ view }}
            schedule={one}
            onRemove={() => void remove(one).catch(fail)}
          />
        ))}
      </ul>
      {edits && !making && (
        <Button variant="default" mt="sm" onClick={() => setMaking(true)}>
          {t("schedules.add")}
        </Button>
      )}
      {making && <Make view={view} onMake={make} onCancel={() => setMaking(false)} />}
    </>
  );
}

type RowProps = { view: View; schedule: Schedule; onRemove: () => void };

function ScheduleRow({ view, schedule, onRemove }: RowProps) {
  const { t } = useTranslation("dashboard");
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const names = useNames(view);
  const me = useMe()?.id;
  const owns = can.manage(useRole(view.id));
  const { report, rule, recipients, created_by, next_at } = schedule;
  const people = recipients.map((id) => names.member.get(id)?.name ?? t("by.gone"));
  const name = t(`schedules.${rule.every}`, {
    what: `${t(`reports.${report.kind}`)} (${report.format.toUpperCase()})`,
    weekday: rule.weekday === undefined ? "" : t(`weekdays.${rule.weekday}`),
    at: rule.at,
    zone: rule.time_zone,
  });
  return (
    <li className={classes.row}>
      <span className={classes.what}>
        {name}
        <br />
        <span className={classes.note}>
          {t("schedules.to", { people: new Intl.ListFormat(locale).format(people) })}{" "}
          {next_at === null
            ? t("schedules.ended")
            : t("schedules.next", { when: formatMoment(momentOf(next_at), locale, zone) })}
        </span>
      </span>
      {(owns || created_by === me) && (
        <ActionIcon
          variant="subtle"
          color="red"
          size="lg"
          aria-label={t("reports.remove", { name })}
          onClick={onRemove}
        >
          <IconTrash size={18} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}

type MakeProps = { view: View; onMake: (draft: Draft) => Promise<void>; onCancel: () => void };

function Make({ view, onMake, onCancel }: MakeProps) {
  const { t } = useTranslation("dashboard");
  const zone = useZone();
  const me = useMe()?.id;
  const { members } = useNames(view);
  const [kind, setKind] = useState<Spec["kind"]>("summary");
  const [format, setFormat] = useState<Spec["format"]>("pdf");
  const [every, setEvery] = useState<Rule["every"]>("week");
  const [weekday, setWeekday] = useState<Weekday>("monday");
  const [at, setAt] = useState("08:00");
  const [people, setPeople] = useState<string[]>(me === undefined ? [] : [me]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const days = kind === "summary" ? { last_days: every === "week" ? 7 : 1 } : {};
    const rule = { every, at, time_zone: zone, ...(every === "week" && { weekday }) };
    onMake({ report: { kind, format, filter: {}, ...days }, rule, recipients: people }).catch(fail);
  };
  return (
    <form className={classes.form} onSubmit={submit} aria-label={t("schedules.add")}>
      <KindAndFormat {...{ kind, format }} onKind={setKind} onFormat={setFormat} />
      <NativeSelect
        label={t("schedules.every")}
        value={every}
        data={(["day", "week"] as const).map((value) => ({
          value,
          label: t(`schedulesEach.${value}`),
        }))}
        onChange={({ currentTarget }) => setEvery(currentTarget.value as Rule["every"])}
      />
      {every === "week" && (
        <NativeSelect
          label={t("schedules.on")}
          value={weekday}
          data={WEEKDAYS.map((value) => ({ value, label: t(`weekdays.${value}`) }))}
          onChange={({ currentTarget }) => setWeekday(currentTarget.value as Weekday)}
        />
      )}
      <TextInput
        type="time"
        label={t("schedules.at")}
        required
        value={at}
        onChange={({ currentTarget }) => setAt(currentTarget.value)}
      />
      <MultiSelect
        label={t("schedules.people")}
        style={{ flexBasis: "18rem" }}
        searchable
        value={people}
        onChange={setPeople}
        data={members
          .filter((one) => one.is_active)
          .map((one) => ({ value: one.user_id, label: one.name }))}
      />
      <Button type="submit">{t("schedules.save")}</Button>
      <Button variant="default" onClick={onCancel}>
        {t("schedules.cancel")}
      </Button>
    </form>
  );
}
