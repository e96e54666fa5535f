import { type ComponentType, useEffect, useState } from "react";
import { ErrorPage } from "./ErrorPage";

/**
 * In place of a page that could not be drawn; the navigation beside it stays. Plain until the code
 * of the better one is there, which without a network it may never be.
 */
export function FailedPage({ error }: { error: unknown }) {
  const [Body, setBody] = useState<ComponentType<{ error: unknown }>>(() => ErrorPage);
  useEffect(() => {
    import("@/parts/ErrorBoundary").then(
      ({ Failed }) => setBody(() => Failed),
      () => null,
    );
  }, []);
  return <Body error={error} />;
}
