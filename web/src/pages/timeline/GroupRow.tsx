import { UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import { useTimeline } from "./context";
import styles from "./timeline.module.css";

type Props = { group: string; count: number; open: boolean };

export function GroupRow({ group, count, open }: Props) {
  const { t } = useTranslation("timeline");
  const { nameOf, toggle } = useTimeline();
  const Icon = open ? IconChevronDown : IconChevronRight;
  return (
    <h2 className={styles.group}>
      <UnstyledButton className={styles.toggle} aria-expanded={open} onClick={() => toggle(group)}>
        <Icon size={16} aria-hidden className={styles.chevron} />
        <span className={styles.groupName} dir="auto">
          {nameOf(group)}
        </span>
        <span className={styles.count}>{t("count", { count })}</span>
      </UnstyledButton>
    </h2>
  );
}
