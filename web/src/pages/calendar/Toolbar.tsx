import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconLayoutSidebarRight } from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import styles from "./calendar.module.css";
import { readShown, type Shown } from "./days";

type Props = {
  title: string;
  shown: Shown;
  /** Null where there is no tray. */
  tray: { id: string; open: boolean; toggle: () => void } | null;
  onShown: (shown: Shown) => void;
  onTurn: (by: 1 | -1) => void;
  onToday: () => void;
};

export function Toolbar({ title, shown, tray, onShown, onTurn, onToday }: Props) {
  const { t } = useTranslation("calendar");
  return (
    <div className={styles.toolbar}>
      <h1 className={styles.heading}>
        <span className={styles.hidden}>{t("title")}: </span>
        <span aria-live="polite">{title}</span>
      </h1>
      <div className={styles.turn}>
        <ActionIcon
          variant="default"
          size="input-sm"
          aria-label={t(`turn.${shown}Before`)}
          onClick={() => onTurn(-1)}
        >
          <IconChevronLeft size={18} className={styles.chevron} aria-hidden />
        </ActionIcon>
        <Button variant="default" size="sm" onClick={onToday}>
          {t("turn.today")}
        </Button>
        <ActionIcon
          variant="default"
          size="input-sm"
          aria-label={t(`turn.${shown}After`)}
          onClick={() => onTurn(1)}
        >
          <IconChevronRight size={18} className={styles.chevron} aria-hidden />
        </ActionIcon>
      </div>
      <SegmentedControl
        aria-label={t("shown.label")}
        value={shown}
        onChange={(value) => onShown(readShown(value))}
        data={[
          { value: "month", label: t("shown.month") },
          { value: "week", label: t("shown.week") },
        ]}
      />
      {tray !== null && (
        <Button
          variant={tray.open ? "light" : "default"}
          size="sm"
          leftSection={<IconLayoutSidebarRight size={18} className={styles.chevron} aria-hidden />}
          aria-expanded={tray.open}
          aria-controls={tray.open ? tray.id : undefined}
          onClick={tray.toggle}
        >
          {t("tray.title")}
        </Button>
      )}
    </div>
  );
}
