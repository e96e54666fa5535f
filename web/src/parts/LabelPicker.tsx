import { IconTag } from "@tabler/icons-react";
import { useMemo } from "react";
import { useTranslation } from "@/i18n/words";
import type { Label } from "@/replica/model";
import { LabelChip } from "./LabelChip";
import { type Option, Picker, type PickerLook } from "./Picker";
import styles from "./Picker.module.css";
import { ProjectDot } from "./ProjectPicker";

export type ChoosableLabel = Pick<Label, "id" | "name" | "color">;

type Props = PickerLook & {
  labels: readonly ChoosableLabel[];
  values: readonly string[];
  onChange: (values: string[]) => void;
  /** Makes a label of this name and puts it on; without it there are only those that exist. */
  onCreate?: ((name: string) => void) | undefined;
};

export function LabelPicker({ labels, values, onChange, onCreate, label, ...look }: Props) {
  const { t } = useTranslation("parts");
  const sorted = useMemo(() => [...labels].sort((a, b) => a.name.localeCompare(b.name)), [labels]);
  const options = useMemo<Option[]>(
    () =>
      sorted.map((one) => ({
        value: one.id,
        label: one.name,
        icon: <ProjectDot color={one.color} />,
      })),
    [sorted],
  );
  const chosen = sorted.filter((one) => values.includes(one.id));
  const said = chosen.map((one) => one.name).join(", ") || t("label.none");
  const toggle = (id: string) =>
    onChange(values.includes(id) ? values.filter((one) => one !== id) : [...values, id]);
  return (
    <Picker
      {...look}
      label={label ?? t("label.label")}
      said={said}
      options={options}
      values={values}
      onPick={toggle}
      onCreate={onCreate}
      multiple
    >
      {chosen.length === 0 && <IconTag size={18} className={styles.empty} aria-hidden />}
      {chosen.length === 0 && !look.compact && <span className={styles.empty}>{said}</span>}
      {chosen.map((one) => (
        <LabelChip key={one.id} name={one.name} color={one.color} />
      ))}
    </Picker>
  );
}
