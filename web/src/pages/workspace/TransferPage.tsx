import { useTranslation } from "@/i18n/words";
import { PageSkeleton } from "@/parts/PageSkeleton";
import { useView, useWorkspaceId } from "@/replica/hooks";
import { Page } from "./Page";
import { ExportPart } from "./transfer/ExportPart";
import { ImportPart } from "./transfer/ImportPart";

/** Bringing work in from elsewhere, and taking it away. */
export function TransferPage() {
  const { t } = useTranslation("workspace");
  const w = useWorkspaceId();
  const { head } = useView(w);
  if (head === undefined) return <PageSkeleton />;
  return (
    <Page title={t("transferTitle")}>
      <ImportPart workspaceId={w} />
      <ExportPart workspaceId={w} />
    </Page>
  );
}
