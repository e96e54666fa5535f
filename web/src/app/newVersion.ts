/** Whether the server has a newer application than this one. */

import { useEffect, useState } from "react";
import { begun } from "@/quiet";

const ASK_MS = 600_000;

/** Which build this page is of; the server writes it into the page. */
const OWN = document.querySelector<HTMLMetaElement>('meta[name="build"]')?.content;

type Version = { build: string };

async function build(): Promise<string | null> {
  try {
    const answer = await fetch("/version.json", { cache: "no-store" });
    return answer.ok && OWN !== "__BUILD__" ? ((await answer.json()) as Version).build : null;
  } catch {
    return null;
  }
}

/** How to get the newer one; null while this is the newest. */
export function useNewVersion(): (() => void) | null {
  const [newer, setNewer] = useState(false);
  useEffect(() => {
    const look = async () => {
      if (!navigator.onLine) return;
      const present = await build();
      if (present !== null && present !== OWN) setNewer(true);
    };
    void begun.then(look);
    const timer = setInterval(() => void look(), ASK_MS);
    addEventListener("online", look);
    // A part of this application that is not on the server any more; or there is no network.
    addEventListener("vite:preloadError", look);
    return () => {
      clearInterval(timer);
      removeEventListener("online", look);
      removeEventListener("vite:preloadError", look);
    };
  }, []);
  return newer ? () => location.reload() : null;
}
