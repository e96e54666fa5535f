import { useTranslation } from "@/i18n/words";
import { PRIORITIES, type Priority } from "@/replica/model";
import { Picker, type PickerLook } from "./Picker";
import { PriorityIcon } from "./PriorityIcon";

type Props = PickerLook & { value: Priority; onChange: (value: Priority) => void };

export function PriorityPicker({ value, onChange, label, ...look }: Props) {
  const { t } = useTranslation("parts");
  const options = PRIORITIES.map((priority) => ({
    value: priority,
    label: t(`priority.${priority}`),
    icon: <PriorityIcon priority={priority} decorative />,
  }));
  return (
    <Picker
      {...look}
      label={label ?? t("priority.label")}
      said={t(`priority.${value}`)}
      options={options}
      values={[value]}
      onPick={(next) => next !== value && onChange(next as Priority)}
    >
      <PriorityIcon priority={value} decorative />
      {!look.compact && t(`priority.${value}`)}
    </Picker>
  );
}
