import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { useTranslation } from "@/i18n/words";
import { AdminFrame } from "./AdminFrame";
import classes from "./admin.module.css";
import { More } from "./More";
import { UserRow } from "./UserRow";

const PAGE = 50;
const TYPING_MS = 300;

export function UsersPage() {
  return (
    <AdminFrame page="users">
      <Users />
    </AdminFrame>
  );
}

function Users() {
  const { t } = useTranslation("admin");
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), TYPING_MS);
  const users = useInfiniteQuery({
    queryKey: ["admin", "users", q],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(q && { q }), ...(pageParam && { cursor: pageParam }) };
      return data(api.GET("/api/v1/admin/users", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
  });
  const found = users.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <search>
        <TextInput
          type="search"
          label={t("users.find")}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        />
      </search>
      <More of={users}>
        <output aria-live="polite" className={classes.note}>
          {found.length === 0
            ? t("users.none")
            : t(users.hasNextPage ? "users.first" : "users.count", { count: found.length })}
        </output>
        <ul className={classes.rows} aria-label={t("pages.users")} aria-busy={users.isFetching}>
          {found.map((user) => (
            <UserRow key={user.id} user={user} />
          ))}
        </ul>
      </More>
    </>
  );
}
