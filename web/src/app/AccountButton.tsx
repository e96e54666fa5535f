import { Avatar, UnstyledButton, type UnstyledButtonProps } from "@mantine/core";
import type { ComponentProps } from "react";
import { useTranslation } from "@/i18n/words";
import { initials } from "@/parts/initials";
import { useMe } from "@/replica/hooks";

/** One's own initials; what opens the account's menu. */
export function AccountButton(props: UnstyledButtonProps & ComponentProps<"button">) {
  const { t } = useTranslation("shell");
  const me = useMe();
  const short = initials(me?.name ?? "");
  return (
    <UnstyledButton
      aria-haspopup="menu"
      // Who speaks to their computer says what they see.
      aria-label={`${short} ${t("account", { name: me?.name ?? "" })}`.trim()}
      {...props}
    >
      <Avatar radius="xl" size={34} color="cyan" variant="filled">
        {short}
      </Avatar>
    </UnstyledButton>
  );
}
