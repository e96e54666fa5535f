import { lazy, Suspense } from "react";
import { ErrorPage } from "./ErrorPage";

// Without a network it may not come; then the plain page says what there is to say.
const Failed = lazy(() =>
  import("@/parts/ErrorBoundary").then(
    (module) => ({ default: module.Failed }),
    () => ({ default: ErrorPage }),
  ),
);

/** In place of a page that could not be drawn; the navigation beside it stays. */
export function FailedPage({ error }: { error: unknown }) {
  return (
    <Suspense fallback={null}>
      <Failed error={error} />
    </Suspense>
  );
}
