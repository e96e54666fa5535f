import { Button } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { type ReactNode, Suspense, useEffect, useState, useSyncExternalStore } from "react";
import { onSession, sessionEnded, sessionState } from "@/api/session";
import { useTranslation } from "@/i18n/words";
import { arriving } from "@/parts/arriving";

import classes from "./Shell.module.css";

const SignInAgain = arriving(() => import("./SignInAgain"));

export const useSessionState = () => useSyncExternalStore(onSession, sessionState);

/**
 * Leaves for the sign-in page when somebody signs out. When the session has ended elsewhere the page
 * stays as it is, with everything that is being typed, and asks for the password over it.
 */
export function SessionGuard({ children }: { children: ReactNode }) {
  const state = useSessionState();
  const router = useRouter();
  useEffect(() => {
    if (state !== "out") return;
    const search = sessionEnded() ? { next: router.state.location.href } : {};
    void router.navigate({ to: "/login", search });
  }, [state, router]);
  if (state === "out") return null;
  return (
    <>
      {children}
      {state === "ended" && <Ended />}
    </>
  );
}

const typing = (): boolean =>
  document.activeElement instanceof HTMLElement &&
  /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName);

/** Asks for the password; whoever is typing just now is not interrupted, and finds a button. */
function Ended() {
  const { t } = useTranslation("shell");
  const [asked, setAsked] = useState(() => !typing());
  if (!asked) {
    return (
      <div role="alert" className={classes.ended}>
        {t("ended.title")}
        <Button size="compact-md" onClick={() => setAsked(true)}>
          {t("ended.signIn")}
        </Button>
      </div>
    );
  }
  return (
    <Suspense fallback={null}>
      <SignInAgain />
    </Suspense>
  );
}
