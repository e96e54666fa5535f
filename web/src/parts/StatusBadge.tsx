import {
  IconCircle,
  IconCircleCheckFilled,
  IconCircleHalf2,
  IconCircleX,
} from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import type { Status } from "@/replica/model";
import styles from "./StatusBadge.module.css";

const ICONS = {
  pending: IconCircle,
  in_progress: IconCircleHalf2,
  completed: IconCircleCheckFilled,
  cancelled: IconCircleX,
} as const;

type IconProps = { status: Status; size?: number };

/** The shape of a status, for where its word stands beside it. */
export function StatusIcon({ status, size = 16 }: IconProps) {
  const Icon = ICONS[status];
  return (
    <span className={styles.icon} data-status={status} aria-hidden>
      <Icon size={size} stroke={2.2} />
    </span>
  );
}

export function StatusBadge({ status, size }: IconProps) {
  const { t } = useTranslation("parts");
  return (
    <span className={styles.badge}>
      <StatusIcon status={status} {...(size === undefined ? {} : { size })} />
      <span className={styles.text}>{t(`status.${status}`)}</span>
    </span>
  );
}
