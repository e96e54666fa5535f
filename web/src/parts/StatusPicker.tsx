import { useTranslation } from "@/i18n/words";
import { STATUSES, type Status } from "@/replica/model";
import { Picker, type PickerLook } from "./Picker";
import { StatusIcon } from "./StatusBadge";

type Props = PickerLook & { value: Status; onChange: (value: Status) => void };

export function StatusPicker({ value, onChange, label, ...look }: Props) {
  const { t } = useTranslation("parts");
  const options = STATUSES.map((status) => ({
    value: status,
    label: t(`status.${status}`),
    icon: <StatusIcon status={status} />,
  }));
  return (
    <Picker
      {...look}
      label={label ?? t("status.label")}
      said={t(`status.${value}`)}
      options={options}
      values={[value]}
      onPick={(next) => next !== value && onChange(next as Status)}
    >
      <StatusIcon status={value} />
      {!look.compact && t(`status.${value}`)}
    </Picker>
  );
}
