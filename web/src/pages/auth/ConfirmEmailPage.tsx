import { Alert, Button, Loader } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { useProblemWords } from "@/i18n/problemWords";
import { useTranslation } from "@/i18n/words";
import { AuthFrame } from "./AuthFrame";
import { ButtonLink } from "./fields";
import { confirm, tokenOfLink } from "./open";

/** Confirm an address with a mailed link, which can be opened as often as wanted. */
export function ConfirmEmailPage() {
  const { t } = useTranslation("auth");
  const [token] = useState(tokenOfLink);
  const words = useProblemWords();
  const asked = useQuery({
    queryKey: ["confirmation", token],
    queryFn: () => confirm(token).then(() => true),
    enabled: token !== "",
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const bad = token === "" || (asked.isError && asProblem(asked.error).status === 422);
  const title = asked.isSuccess ? "confirm.done" : bad ? "confirm.badTitle" : "confirm.title";
  return (
    <AuthFrame title={t(title)}>
      <div aria-live="polite">
        {asked.isLoading ? <Loader mt="lg" aria-label={t("confirm.title")} /> : null}
        {asked.isSuccess ? <p>{t("confirm.doneText")}</p> : null}
        {bad || asked.isError ? (
          <Alert color="red" variant="light" mt="lg">
            {bad ? t("confirm.bad") : words.whole(asked.error)}
          </Alert>
        ) : null}
      </div>
      {asked.isError && !bad ? (
        <Button fullWidth size="md" mt="md" onClick={() => void asked.refetch()}>
          {t("again")}
        </Button>
      ) : null}
      {bad ? (
        <ButtonLink to="/settings/profile" fullWidth size="md" mt="md">
          {t("confirm.profile")}
        </ButtonLink>
      ) : null}
      {asked.isSuccess ? (
        <ButtonLink to="/my-tasks" fullWidth size="md" mt="sm">
          {t("confirm.on")}
        </ButtonLink>
      ) : null}
    </AuthFrame>
  );
}
