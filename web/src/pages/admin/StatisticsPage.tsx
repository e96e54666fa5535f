import { useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { inBytes } from "@/parts/bytes";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { Plot } from "@/parts/plots/Plot";
import plots from "@/parts/plots/plots.module.css";
import { useLanguage } from "@/replica/hooks";
import { formatDay, localeFor } from "@/time/format";
import { AdminFrame } from "./AdminFrame";
import classes from "./admin.module.css";

type Stats = Schemas["Stats"];

const DAYS = 30;
const TOP = 10;

export function StatisticsPage() {
  return (
    <AdminFrame page="statistics">
      <Installation />
    </AdminFrame>
  );
}

function Installation() {
  const query = { days: DAYS, top: TOP };
  const {
    data: stats,
    error,
    refetch,
  } = useQuery({
    queryKey: ["admin", "stats"],
    queryFn: ({ signal }) => data(api.GET("/api/v1/admin/stats", { params: { query }, signal })),
  });
  if (stats === undefined) {
    if (error === null) return <PageSkeleton shape="tiles" rows={6} />;
    return <ErrorNote error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <Counts stats={stats} />
      <Days days={stats.days} />
      <Largest list={stats.largest_workspaces} />
    </>
  );
}

function Counts({ stats }: { stats: Stats }) {
  const { t, i18n } = useTranslation("admin");
  const format = new Intl.NumberFormat(i18n.language).format;
  const { users } = stats;
  const counts = [
    ["usersActive", format(users.active)],
    ["usersInactive", format(users.inactive)],
    ["placeholders", format(users.placeholders)],
    ["admins", format(users.admins)],
    ["workspaces", format(stats.workspaces)],
    ["projects", format(stats.projects)],
    ["tasks", format(stats.tasks)],
    ["comments", format(stats.comments)],
    ["sessions", format(stats.sessions)],
    ["tokens", format(stats.api_tokens)],
    ["database", inBytes(stats.database_bytes, i18n.language)],
  ] as const;
  return (
    <dl className={classes.numbers}>
      {counts.map(([name, value]) => (
        <div key={name}>
          <dt>{t(`counts.${name}`)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Days({ days }: { days: Stats["days"] }) {
  const { t } = useTranslation("admin");
  const locale = localeFor(useLanguage());
  const rows = days.map((one) => ({
    label: formatDay(one.day, locale, "date"),
    created: one.tasks_created,
    completed: one.tasks_completed,
    active: one.active_users,
  }));
  const sum = (of: (day: Stats["days"][number]) => number) =>
    days.reduce((total, day) => total + of(day), 0);
  return (
    <Plot
      title={t("days.title", { count: days.length })}
      when={t("days.day")}
      summary={t("days.summary", {
        created: sum((day) => day.tasks_created),
        completed: sum((day) => day.tasks_completed),
        users: sum((day) => day.new_users),
        workspaces: sum((day) => day.new_workspaces),
      })}
      rows={rows}
      series={[
        { name: "created", label: t("days.created"), tone: "second", dash: "6 4" },
        { name: "completed", label: t("days.completed"), tone: "first" },
        { name: "active", label: t("days.active"), tone: "third", dash: "2 3" },
      ]}
    />
  );
}

function Largest({ list }: { list: Stats["largest_workspaces"] }) {
  const { t, i18n } = useTranslation("admin");
  const format = new Intl.NumberFormat(i18n.language).format;
  return (
    <section className={classes.section} aria-labelledby="largest">
      <h2 id="largest">{t("largest.title")}</h2>
      <p className={classes.hint}>{t("largest.hint")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached with the keyboard */}
      <section className={classes.table} tabIndex={0} aria-label={t("largest.table")}>
        <table className={plots.table}>
          <thead>
            <tr>
              {(["id", "tasks", "members", "commits"] as const).map((name) => (
                <th key={name} scope="col">
                  {t(`largest.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.map(({ workspace_id: id, tasks, members, commits }) => (
              <tr key={id}>
                <th scope="row">
                  <code>{id}</code>
                </th>
                <td>{format(tasks)}</td>
                <td>{format(members)}</td>
                <td>{format(commits)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
