import { IconUserOff } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import type { Member } from "@/replica/model";
import { PersonAvatar } from "./PersonAvatar";
import { type Option, Picker, type PickerLook } from "./Picker";
import styles from "./Picker.module.css";

export type Choosable = Pick<Member, "user_id" | "name" | "email" | "is_active">;

type Props = PickerLook & {
  members: readonly Choosable[];
  value: string | null;
  onChange: (value: string | null) => void;
  /** Whose account this is: first of all. */
  me?: string | undefined;
};

const NOBODY = "";

export function PersonPicker({ members, value, onChange, me, label, ...look }: Props) {
  const { t } = useTranslation("parts");
  const options = useMemo<Option[]>(() => {
    const rank = (id: string) => (id === me ? 0 : 1);
    const people = members
      .filter((one) => one.is_active || one.user_id === value)
      .sort((a, b) => rank(a.user_id) - rank(b.user_id) || a.name.localeCompare(b.name))
      .map((one) => ({
        value: one.user_id,
        label: one.user_id === me ? t("person.me", { name: one.name }) : one.name,
        hint: one.email ?? undefined,
        icon: <PersonAvatar id={one.user_id} name={one.name} decorative />,
      }));
    const nobody = {
      value: NOBODY,
      label: t("person.nobody"),
      icon: <IconUserOff size={24} aria-hidden />,
    };
    return [nobody, ...people];
  }, [members, value, me, t]);
  const person = members.find((one) => one.user_id === value);
  const said = value === null ? t("person.nobody") : (person?.name ?? t("person.gone"));
  return (
    <Picker
      {...look}
      label={label ?? t("person.label")}
      said={said}
      options={options}
      values={[value ?? NOBODY]}
      onPick={(next) => next !== (value ?? NOBODY) && onChange(next === NOBODY ? null : next)}
    >
      {value === null ? (
        <IconUserOff size={20} className={styles.empty} aria-hidden />
      ) : (
        <PersonAvatar id={value} name={said} decorative />
      )}
      {!look.compact && <bdi>{said}</bdi>}
    </Picker>
  );
}
