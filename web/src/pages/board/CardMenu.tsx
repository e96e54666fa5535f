import { Menu } from "@mantine/core";
import { useTranslation } from "@/i18n/words";
import type { Column } from "./columns";
import { type Card, others, type Place, placeOf } from "./moves";

export type MenuFor = { card: Card; button: HTMLElement };

type Props = {
  at: MenuFor;
  columns: readonly Column[];
  nameOf: (key: string) => string;
  onMove: (place: Place) => void;
  onOpen: () => void;
  onClose: () => void;
};

/** What dragging does, without dragging: one menu for all cards, at the button that was pressed. */
export function CardMenu({ at, columns, nameOf, onMove, onOpen, onClose }: Props) {
  const { t } = useTranslation("board");
  const { card, button } = at;
  const rect = button.getBoundingClientRect();
  const place = placeOf(columns, card);
  const own = columns.find((column) => column.key === card.column);
  const last = others(own, card.taskId).length;
  const within = (index: number) => () => onMove({ column: card.column, index });
  return (
    <Menu
      opened
      onClose={() => {
        onClose();
        if (document.activeElement === document.body || button.isConnected) button.focus();
      }}
      position="bottom-end"
      returnFocus={false}
      closeOnItemClick
      withinPortal
    >
      <Menu.Target>
        <span
          aria-hidden
          style={{
            position: "fixed",
            left: rect.left,
            top: rect.top,
            width: rect.width,
            height: rect.height,
            pointerEvents: "none",
          }}
        />
      </Menu.Target>
      <Menu.Dropdown
        style={{ maxBlockSize: "60dvh", overflowY: "auto" }}
        aria-label={t("menu.label")}
      >
        <Menu.Item onClick={onOpen}>{t("menu.show")}</Menu.Item>
        <Menu.Label>{t("menu.within")}</Menu.Label>
        <Menu.Item disabled={place.index === 0} onClick={within(0)}>
          {t("menu.top")}
        </Menu.Item>
        <Menu.Item disabled={place.index === 0} onClick={within(place.index - 1)}>
          {t("menu.up")}
        </Menu.Item>
        <Menu.Item disabled={place.index >= last} onClick={within(place.index + 1)}>
          {t("menu.down")}
        </Menu.Item>
        <Menu.Item disabled={place.index >= last} onClick={within(last)}>
          {t("menu.bottom")}
        </Menu.Item>
        <Menu.Label>{t("menu.moveTo")}</Menu.Label>
        {columns
          .filter((column) => column.key !== card.column)
          .map((column) => (
            <Menu.Item
              key={column.key}
              onClick={() =>
                onMove({
                  column: column.key,
                  index: Math.min(place.index, others(column, card.taskId).length),
                })
              }
            >
              {nameOf(column.key)}
            </Menu.Item>
          ))}
      </Menu.Dropdown>
    </Menu>
  );
}
