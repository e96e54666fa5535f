import { ActionIcon, Group, Tooltip } from "@mantine/core";
import {
  IconBold,
  IconCode,
  IconItalic,
  IconLink,
  IconList,
  IconListCheck,
} from "@tabler/icons-react";
import { useTranslation } from "@/i18n/words";
import type { Tool } from "./tools";

const TOOLS = [
  { tool: "bold", Icon: IconBold, key: "B" },
  { tool: "italic", Icon: IconItalic, key: "I" },
  { tool: "link", Icon: IconLink, key: "K" },
  { tool: "list", Icon: IconList, key: null },
  { tool: "taskList", Icon: IconListCheck, key: null },
  { tool: "code", Icon: IconCode, key: null },
] as const;

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

type Props = { onUse: (tool: Tool) => void; disabled: boolean; controls: string };

export function Toolbar({ onUse, disabled, controls }: Props) {
  const { t } = useTranslation("markdown");
  return (
    <Group
      component="div"
      role="toolbar"
      aria-label={t("editor.tools")}
      aria-controls={controls}
      gap={2}
      wrap="nowrap"
    >
      {TOOLS.map(({ tool, Icon, key }) => {
        const label = t(`editor.${tool}`);
        return (
          <Tooltip key={tool} label={key ? `${label} (${MAC ? "⌘" : "Ctrl+"}${key})` : label}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size={30}
              aria-label={label}
              aria-keyshortcuts={key ? `${MAC ? "Meta" : "Control"}+${key}` : undefined}
              disabled={disabled}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => onUse(tool)}
            >
              <Icon size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        );
      })}
    </Group>
  );
}
