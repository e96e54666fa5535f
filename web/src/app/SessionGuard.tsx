import { useRouter } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useSyncExternalStore } from "react";
import { onSession, sessionEnded, sessionState } from "@/api/session";

const SignInAgain = lazy(() => import("./SignInAgain"));

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
      {state === "ended" && (
        <Suspense fallback={null}>
          <SignInAgain />
        </Suspense>
      )}
    </>
  );
}
