import { Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useCallback, useRef, useState } from "react";
import { api, data, type Schemas } from "@/api/client";
import { Problem } from "@/api/problem";
import { useTranslation } from "@/i18n/words";
import { useForm } from "@/parts/useForm";
import { useMe } from "@/replica/hooks";
import { now, nowMs } from "@/time/clock";
import { Submit } from "./fields";
import styles from "./settings.module.css";

type Made = Schemas["TokenMade"];
type Scope = Schemas["TokenOut"]["scopes"][number];

const SCOPES: readonly Scope[] = ["read", "write", "admin"];
const DAY_MS = 86_400_000;
const TERMS = ["30", "90", "365", "day", "never"] as const;

/** When a token ends: after so many days, with a day that was chosen, or never. */
function endOf(term: string, day: string): string | null {
  if (term === "never") return null;
  if (term !== "day") return new Date(nowMs() + Number(term) * DAY_MS).toISOString();
  const end = new Date(`${day}T23:59:59`);
  if (Number.isNaN(end.getTime())) {
    throw new Problem(422, "invalid", "", [
      { pointer: "/expires_at", code: "missing", detail: "" },
    ]);
  }
  return end.toISOString();
}

/** A new token: what it is for, what it may do, and how long. */
export function TokenForm({ onMade }: { onMade: (token: Made) => void }) {
  const { t } = useTranslation("settings");
  const admin = useMe()?.role === "admin";
  const [scopes, setScopes] = useState<string[]>(["read"]);
  const [term, setTerm] = useState<string>("90");
  const reset = useRef(() => {});
  const send = useCallback(
    async ({ name = "", expires_at = "" }) => {
      const body = { name, scopes: scopes as Scope[], expires_at: endOf(term, expires_at) };
      onMade(await data(api.POST("/api/v1/auth/tokens", { body })));
      reset.current();
    },
    [scopes, term, onMade],
  );
  const form = useForm(send);
  reset.current = () => form.reset();
  return (
    <form className={styles.form} {...form.props}>
      <TextInput
        name="name"
        label={t("tokens.name")}
        description={t("tokens.nameHint")}
        autoComplete="off"
        maxLength={100}
        error={form.error("name")}
      />
      <Checkbox.Group
        label={t("tokens.scopes")}
        value={scopes}
        onChange={(next) => {
          if (next.length > 0) setScopes(next);
        }}
        error={form.error("scopes")}
      >
        {SCOPES.filter((scope) => scope !== "admin" || admin).map((scope) => (
          <Checkbox
            key={scope}
            value={scope}
            size="md"
            mt="xs"
            label={t(`scopes.${scope}`)}
            description={t(`scopes.${scope}Hint`)}
          />
        ))}
      </Checkbox.Group>
      <NativeSelect
        label={t("tokens.ends")}
        value={term}
        onChange={(event) => setTerm(event.currentTarget.value)}
        data={TERMS.map((value) => ({ value, label: t(`terms.${value}`) }))}
      />
      {term === "day" ? (
        <TextInput
          type="date"
          name="expires_at"
          label={t("tokens.lastDay")}
          min={now().toISOString().slice(0, 10)}
          error={form.error("expires_at")}
        />
      ) : null}
      <Submit form={form} label={t("tokens.submit")} />
    </form>
  );
}
