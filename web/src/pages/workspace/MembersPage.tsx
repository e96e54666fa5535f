import { ActionIcon, Badge, Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { can, useMe, useRole, useView, useWorkspaceId } from "@/replica/hooks";
import type { Member, Role } from "@/replica/model";
import { change } from "@/replica/online";
import { store } from "@/replica/store";
import { Page } from "./Page";
import classes from "./workspace.module.css";

const ROLES: readonly Role[] = ["owner", "editor", "commenter", "viewer"];

export function MembersPage() {
  const { t } = useTranslation("workspace");
  const w = useWorkspaceId();
  const { head } = useView(w);
  const manages = can.manage(useRole(w)) && head?.workspace.personal === false;
  // Whoever has accepted an invitation meanwhile has a name now.
  useEffect(() => void store().people(w), [w]);
  if (head === undefined) return <PageSkeleton />;
  return (
    <Page title={t("members.title")}>
      {head.workspace.personal && <p>{t("members.personal")}</p>}
      {manages && <Invitation workspaceId={w} />}
      <ul className={classes.rows}>
        {head.members.map((member) => (
          <Row key={member.user_id} workspaceId={w} member={member} manages={manages} />
        ))}
      </ul>
    </Page>
  );
}

function useRoles() {
  const { t } = useTranslation("workspace");
  return ROLES.map((value) => ({ value, label: t(`roles.${value}`) }));
}

function Invitation({ workspaceId }: { workspaceId: string }) {
  const { t } = useTranslation("workspace");
  const { field, whole } = useProblemWords();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("editor");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sending, setSending] = useState(false);
  const roles = useRoles();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    // A second Enter would be told that the first one has been heard.
    if (sending) return;
    setSending(true);
    try {
      const added = api.POST("/api/v1/workspaces/{w}/members", {
        params: { path: { w: workspaceId } },
        headers: { "Idempotency-Key": newKey() },
        body: { email, role },
      });
      await change<unknown>(workspaceId, added, t("members.added", { email }));
      setEmail("");
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setSending(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Group align="flex-start" mb="md" wrap="wrap">
        <TextInput
          type="email"
          label={t("members.email")}
          description={t("members.emailHint")}
          required
          inputWrapperOrder={["label", "input", "description", "error"]}
          style={{ flex: "1 1 16rem" }}
          value={email}
          error={field(problem, "email") ?? (problem ? whole(problem) : null)}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
        />
        <NativeSelect
          label={t("members.role")}
          data={roles}
          value={role}
          onChange={({ currentTarget }) => setRole(currentTarget.value as Role)}
        />
        <Button type="submit" mt={25} loading={sending}>
          {t("members.add")}
        </Button>
      </Group>
      <p className={classes.note}>{t(`roleHints.${role}`)}</p>
    </form>
  );
}

type RowProps = { workspaceId: string; member: Member; manages: boolean };

function Row({ workspaceId, member, manages }: RowProps) {
  const { t } = useTranslation("workspace");
  const me = useMe();
  const navigate = useNavigate();
  const roles = useRoles();
  const { user_id, name, email, role, placeholder, is_active } = member;
  const own = user_id === me?.id;
  const path = { w: workspaceId, user_id };

  const setRole = (next: Role) => {
    const changed = api.PATCH("/api/v1/workspaces/{w}/members/{user_id}", {
      params: { path },
      body: { role: next },
    });
    const text = t("members.changed", { name, role: t(`roles.${next}`) });
    change<unknown>(workspaceId, changed, text).catch(fail);
  };

  const remove = async () => {
    const gone = api.DELETE("/api/v1/workspaces/{w}/members/{user_id}", { params: { path } });
    if (own) {
      await gone;
      await store().loadWorkspaces();
      await navigate({ to: "/my-tasks" });
      void tell({ text: t("members.left") });
    } else await change<unknown>(workspaceId, gone, t("members.removed", { name }));
  };

  return (
    <li className={classes.row}>
      <PersonAvatar id={user_id} name={name} />
      <span className={classes.name} dir="auto">
        {name}
        <span className={classes.note}>{email}</span>
      </span>
      <Stack gap={2}>
        {placeholder && <Badge variant="light">{t("members.invited")}</Badge>}
        {!is_active && !placeholder && (
          <Badge color="gray" variant="light">
            {t("members.inactive")}
          </Badge>
        )}
      </Stack>
      {manages ? (
        <NativeSelect
          aria-label={t("members.roleOf", { name })}
          data={roles}
          value={role}
          onChange={({ currentTarget }) => setRole(currentTarget.value as Role)}
        />
      ) : (
        <span>{t(`roles.${role}`)}</span>
      )}
      {(manages || own) && (
        <ActionIcon
          variant="subtle"
          color="red"
          aria-label={own ? t("members.leave") : t("members.remove", { name })}
          onClick={() => void remove().catch(fail)}
        >
          <IconTrash size={18} />
        </ActionIcon>
      )}
    </li>
  );
}
