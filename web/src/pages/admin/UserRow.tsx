import { ActionIcon, Badge, Button, NativeSelect, Switch, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { fail, tell } from "@/notices";
import { PersonAvatar } from "@/parts/PersonAvatar";
import { useLanguage, useMe, useZone } from "@/replica/hooks";
import { momentOf } from "@/time/dates";
import { formatMoment, localeFor } from "@/time/format";
import classes from "./admin.module.css";

type User = Schemas["UserView"];
type Patch = Schemas["UserPatch"];

/** One account: its role, whether it may be used, and a way to erase it. */
export function UserRow({ user }: { user: User }) {
  const { t } = useTranslation("admin");
  const client = useQueryClient();
  const locale = localeFor(useLanguage());
  const zone = useZone();
  const me = useMe()?.id;
  const [erasing, setErasing] = useState(false);
  // What was chosen shows at once, until the server has answered.
  const [chosen, setChosen] = useState<Patch>({});
  const { id, name, email, placeholder, created_at } = user;
  const { role, is_active } = { ...user, ...chosen };
  const params = { path: { user_id: id } };
  const again = () => client.invalidateQueries({ queryKey: ["admin"] });

  const change = async (body: Patch, back: Patch, text: string) => {
    setChosen(body);
    try {
      await api.PATCH("/api/v1/admin/users/{user_id}", { params, body });
      const undo = async () => {
        await api.PATCH("/api/v1/admin/users/{user_id}", { params, body: back });
        await again();
      };
      void tell({ text, undo: () => void undo().catch(fail) });
    } catch (error) {
      void fail(error);
    }
    await again();
    setChosen({});
  };
  const setRole = (next: User["role"]) =>
    change({ role: next }, { role }, t("users.changed", { name, role: t(`roles.${next}`) }));
  const setActive = (next: boolean) =>
    change(
      { is_active: next },
      { is_active },
      t(next ? "users.activated" : "users.deactivated", { name }),
    );

  const fixed = id === me || placeholder;
  return (
    <li className={classes.row}>
      <PersonAvatar id={id} name={name} />
      <span className={classes.name} dir="auto">
        {name}
        <span className={classes.note}>
          {email ?? t("users.noEmail")} ·{" "}
          {t("users.since", { day: formatMoment(momentOf(created_at), locale, zone, "dateYear") })}
        </span>
      </span>
      {placeholder && <Badge variant="light">{t(placeholderWord(email))}</Badge>}
      {id === me && <Badge variant="light">{t("users.me")}</Badge>}
      {fixed ? (
        <Text size="sm">{t(`roles.${role}`)}</Text>
      ) : (
        <>
          <NativeSelect
            aria-label={t("users.roleOf", { name })}
            value={role}
            data={(["user", "admin"] as const).map((value) => ({
              value,
              label: t(`roles.${value}`),
            }))}
            onChange={({ currentTarget }) => void setRole(currentTarget.value as User["role"])}
          />
          <Switch
            label={t("users.active")}
            aria-label={t("users.activeOf", { name })}
            checked={is_active}
            onChange={({ currentTarget }) => void setActive(currentTarget.checked)}
          />
        </>
      )}
      {id !== me && (
        <ActionIcon
          variant="subtle"
          color="red"
          size="lg"
          aria-label={t("users.erase", { name })}
          aria-expanded={erasing}
          onClick={() => setErasing(!erasing)}
        >
          <IconTrash size={18} aria-hidden />
        </ActionIcon>
      )}
      {erasing && <Erase user={user} onDone={again} onCancel={() => setErasing(false)} />}
    </li>
  );
}

/** Who came with an import has not been invited: nobody reads mail at that address. */
const placeholderWord = (email: string | null) =>
  email?.endsWith("@imported.invalid") ? "users.imported" : "users.placeholder";

type EraseProps = { user: User; onDone: () => Promise<void>; onCancel: () => void };

/** Erasing cannot be taken back, so whoever does it types whom they mean. */
function Erase({ user, onDone, onCancel }: EraseProps) {
  const { t } = useTranslation("admin");
  const { whole } = useProblemWords();
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const wanted = user.email ?? user.name;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api.DELETE("/api/v1/admin/users/{user_id}", { params: { path: { user_id: user.id } } });
      void tell({ text: t("users.erased", { name: user.name }) });
      await onDone();
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      <TextInput
        style={{ flex: "1 1 18rem" }}
        label={t("users.typeEmail", { email: wanted })}
        description={t("users.eraseHint")}
        autoComplete="off"
        data-autofocus
        ref={(field) => field?.focus()}
        value={typed}
        error={problem === null ? null : whole(problem)}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <Button
        type="submit"
        color="red"
        disabled={typed.trim().toLowerCase() !== wanted.toLowerCase()}
      >
        {t("users.eraseNow")}
      </Button>
      <Button variant="default" onClick={onCancel}>
        {t("cancel")}
      </Button>
    </form>
  );
}
