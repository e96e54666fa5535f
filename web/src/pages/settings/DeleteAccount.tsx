import { Alert, Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { api } from "@/api/client";
import { signOut } from "@/api/session";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { type Me, useViews } from "@/replica/hooks";
import { Password, Submit } from "./fields";
import { Section } from "./SettingsFrame";
import styles from "./settings.module.css";

/** The end of an account, which cannot be taken back: it takes the password. */
export function DeleteAccount({ me }: { me: Me }) {
  const { t } = useTranslation("settings");
  const [asking, setAsking] = useState(false);
  const owned = useSolelyOwned(me.id);
  return (
    <Section title={t("delete.title")} danger>
      <ul>
        <li>{t("delete.personal")}</li>
        <li>{t("delete.tasks")}</li>
        <li>{t("delete.written")}</li>
        <li>{t("delete.noUndo")}</li>
      </ul>
      {owned.length > 0 ? (
        <Alert color="yellow" variant="outline" title={t("delete.owner")} mb="md">
          <p className={styles.hint}>{t("delete.ownerText")}</p>
          <ul>
            {owned.map(({ id, name }) => (
              <li key={id}>
                <Link className={styles.link} to="/w/$workspace/members" params={{ workspace: id }}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </Alert>
      ) : null}
      {asking ? (
        <DeleteForm onCancel={() => setAsking(false)} />
      ) : (
        <Button color="red" variant="outline" onClick={() => setAsking(true)}>
          {t("delete.begin")}
        </Button>
      )}
    </Section>
  );
}

function DeleteForm({ onCancel }: { onCancel: () => void }) {
  const { t } = useTranslation("settings");
  const send = useCallback(async ({ password = "" }) => {
    await api.DELETE("/api/v1/users/me", { body: { password } });
    await signOut();
  }, []);
  const form = useForm(send, true);
  return (
    <form className={styles.form} {...form.props}>
      <Password form={form} name="password" label={t("password.current")} />
      <Submit form={form} label={t("delete.submit")} danger />
      <div>
        <Button variant="subtle" onClick={onCancel}>
          {t("cancel")}
        </Button>
      </div>
    </form>
  );
}

/** The workspaces that would be left with members and without an owner. */
function useSolelyOwned(userId: string): { id: string; name: string }[] {
  const views = useViews();
  return useMemo(
    () =>
      views.flatMap(({ head }) => {
        if (head === undefined || head.workspace.personal || head.members.length < 2) return [];
        const owners = head.members.filter(({ role }) => role === "owner");
        const alone = owners.length === 1 && owners[0]?.user_id === userId;
        return alone ? [{ id: head.workspace.id, name: head.workspace.name }] : [];
      }),
    [views, userId],
  );
}
