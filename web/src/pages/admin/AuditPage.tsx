import { useInfiniteQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { useLanguage, useZone } from "@/replica/hooks";
import { momentOf } from "@/time/dates";
import { formatMoment, localeFor } from "@/time/format";
import { AdminFrame } from "./AdminFrame";
import classes from "./admin.module.css";
import { sentence } from "./audit";
import { More } from "./More";
import { useKnownNames } from "./useKnownNames";

const PAGE = 50;

export function AuditPage() {
  return (
    <AdminFrame page="audit">
      <Audit />
    </AdminFrame>
  );
}

function Audit() {
  const { t } = useTranslation("admin");
  const audit = useInfiniteQuery({
    queryKey: ["admin", "audit"],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(pageParam && { cursor: pageParam }) };
      return data(api.GET("/api/v1/admin/audit", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next_cursor,
    staleTime: 0,
  });
  const entries = audit.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <p className={classes.hint}>{t("audit.hint")}</p>
      <More of={audit}>
        {entries.length === 0 && <p>{t("audit.none")}</p>}
        <ol className={classes.rows} aria-label={t("pages.audit")}>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ol>
      </More>
    </>
  );
}

function Entry({ entry }: { entry: Schemas["AuditEntry"] }) {
  const { t } = useTranslation("admin");
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const nameOf = useKnownNames();
  return (
    <li className={classes.row}>
      <span className={classes.name} dir="auto">
        {sentence(entry, t, nameOf)}
        <span className={classes.note}>
          <time dateTime={entry.at}>{formatMoment(momentOf(entry.at), locale, zone)}</time>
        </span>
      </span>
    </li>
  );
}
