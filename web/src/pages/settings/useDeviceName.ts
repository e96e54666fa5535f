import { useTranslation } from "@/i18n/words";
import { deviceOf } from "./device";

/** The device in words. */
export function useDeviceName(agent: string | null): string {
  const { t } = useTranslation("settings");
  const { browser, system } = deviceOf(agent);
  if (browser !== null && system !== null) return t("device.both", { browser, system });
  return browser ?? system ?? t("device.unknown");
}
