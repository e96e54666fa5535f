import { useRouter } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { onSession, sessionState } from "@/api/session";

/** On to `next` once somebody is signed in, here or in another tab. The state meanwhile. */
export function useArrival(next = "/my-tasks") {
  const router = useRouter();
  const state = useSyncExternalStore(onSession, sessionState);
  useEffect(() => {
    if (state === "in") router.history.replace(next);
  }, [state, next, router]);
  return state;
}
