import {
  IconAlertTriangleFilled,
  IconChevronDown,
  IconChevronUp,
  IconEqual,
} from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import type { Priority } from "@/replica/model";
import styles from "./PriorityIcon.module.css";

const ICONS = {
  urgent: IconAlertTriangleFilled,
  high: IconChevronUp,
  medium: IconEqual,
  low: IconChevronDown,
} as const;

type Props = {
  priority: Priority;
  size?: number;
  /** Where the word stands beside it. */
  decorative?: boolean;
};

/** A shape, a colour and a word for each. */
export function PriorityIcon({ priority, size = 16, decorative = false }: Props) {
  const { t } = useTranslation("parts");
  const Icon = ICONS[priority];
  const name = t(`priority.${priority}`);
  const said = decorative
    ? { "aria-hidden": true }
    : { role: "img", "aria-label": t("priority.named", { name }), title: name };
  return (
    <span {...said} className={styles.icon} data-priority={priority}>
      <Icon size={size} stroke={2.5} aria-hidden />
    </span>
  );
}
