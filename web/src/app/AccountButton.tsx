import { UnstyledButton, type UnstyledButtonProps } from "@mantine/core";
import type { ComponentProps } from "react";
import { useTranslation } from "@/i18n/words";
import { initials } from "@/parts/initials";
import { PersonAvatar } from "@/parts/PersonAvatar";
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
      <PersonAvatar id={me?.id ?? ""} name={me?.name ?? ""} size={34} decorative />
    </UnstyledButton>
  );
}
