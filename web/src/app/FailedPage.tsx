import { lazy, Suspense } from "react";

const Failed = lazy(() =>
  import("@/parts/ErrorBoundary").then((module) => ({ default: module.Failed })),
);

/** In place of a page that could not be drawn; the navigation beside it stays. */
export function FailedPage({ error }: { error: unknown }) {
  return (
    <Suspense fallback={null}>
      <Failed error={error} />
    </Suspense>
  );
}
