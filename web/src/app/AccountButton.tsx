import { Avatar, UnstyledButton, type UnstyledButtonProps } from "@mantine/core";
import type { ComponentProps } from "react";
import { useTranslation } from "react-i18next";
import { initials } from "@/parts/initials";
import { useMe } from "@/replica/hooks";

/** One's own initials; what opens the account's menu. */
export function AccountButton(props: UnstyledButtonProps & ComponentProps<"button">) {
  const { t } = useTranslation("shell");
  const me = useMe();
  return (
    <UnstyledButton
      aria-haspopup="menu"
      aria-label={t("account", { name: me?.name ?? "" })}
      {...props}
    >
      <Avatar radius="xl" size={34} color="cyan" variant="filled" aria-hidden>
        {initials(me?.name ?? "")}
      </Avatar>
    </UnstyledButton>
  );
}
