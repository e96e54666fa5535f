import { Badge, Button, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, data, type Schemas } from "@/api/client";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { tell } from "@/notices";
import { useLanguage, useZone } from "@/replica/hooks";
import { momentOf } from "@/time/dates";
import { formatMoment, localeFor } from "@/time/format";
import { AdminFrame } from "./AdminFrame";
import classes from "./admin.module.css";
import { More } from "./More";

const PAGE = 50;
const KEY = ["admin", "workspaces"];

export function WorkspacesPage() {
  return (
    <AdminFrame page="workspaces">
      <Workspaces />
    </AdminFrame>
  );
}

function Workspaces() {
  const { t } = useTranslation("admin");
  const list = useInfiniteQuery({
    queryKey: KEY,
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(pageParam && { cursor: pageParam }) };
      return data(api.GET("/api/v1/admin/workspaces", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next_cursor,
  });
  return (
    <>
      <p className={classes.hint}>{t("workspaces.hint")}</p>
      <More of={list}>
        <ul className={classes.rows} aria-label={t("pages.workspaces")}>
          {list.data?.pages.flatMap(({ items }) =>
            items.map((one) => <Row key={one.id} workspace={one} />),
          )}
        </ul>
      </More>
    </>
  );
}

function Row({ workspace }: { workspace: Schemas["AdminWorkspaceOut"] }) {
  const { t } = useTranslation("admin");
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const [giving, setGiving] = useState(false);
  const { id, name, personal, members, last_number, owners, created_at } = workspace;
  return (
    <li className={classes.row}>
      <span className={classes.name} dir="auto">
        {name}
        <span className={classes.note}>
          {[
            t("workspaces.members", { count: members }),
            t("workspaces.tasks", { count: last_number }),
            t("users.since", {
              day: formatMoment(momentOf(created_at), locale, zone, "dateYear"),
            }),
          ].join(" · ")}
        </span>
      </span>
      {personal && <Badge variant="light">{t("workspaces.personal")}</Badge>}
      {owners === 0 && !personal && (
        <>
          <Badge color="red" variant="light">
            {t("workspaces.ownerless")}
          </Badge>
          <Button
            size="compact-md"
            variant="default"
            aria-expanded={giving}
            onClick={() => setGiving(!giving)}
          >
            {t("workspaces.give")}
          </Button>
        </>
      )}
      {giving && <Give id={id} name={name} onDone={() => setGiving(false)} />}
    </li>
  );
}

function Give({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const { t } = useTranslation("admin");
  const { whole } = useProblemWords();
  const client = useQueryClient();
  const [owner, setOwner] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api.PATCH("/api/v1/admin/workspaces/{workspace_id}", {
        params: { path: { workspace_id: id } },
        body: { owner },
      });
      void tell({ text: t("workspaces.given", { name, owner }) });
      onDone();
      await client.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      <TextInput
        type="email"
        required
        style={{ flex: "1 1 18rem" }}
        label={t("workspaces.owner")}
        description={t("workspaces.ownerHint")}
        value={owner}
        error={problem === null ? null : whole(problem)}
        onChange={({ currentTarget }) => setOwner(currentTarget.value)}
      />
      <Button type="submit">{t("workspaces.giveNow")}</Button>
    </form>
  );
}
