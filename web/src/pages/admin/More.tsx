import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "@/i18n/words";
import { ErrorNote } from "@/parts/ErrorNote";
import { PageSkeleton } from "@/parts/PageSkeleton";

type Paged = {
  isPending: boolean;
  error: unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  refetch: () => unknown;
  fetchNextPage: () => unknown;
};

/** A list that comes page by page: what stands for it before, after, and when it fails. */
export function More({ of, children }: { of: Paged; children: ReactNode }) {
  const { t } = useTranslation("admin");
  if (of.isPending) return <PageSkeleton rows={8} />;
  return (
    <>
      {of.error !== null && <ErrorNote error={of.error} onRetry={() => void of.refetch()} />}
      {children}
      {of.hasNextPage && (
        <Button
          variant="default"
          loading={of.isFetchingNextPage}
          onClick={() => void of.fetchNextPage()}
        >
          {t("more")}
        </Button>
      )}
    </>
  );
}
