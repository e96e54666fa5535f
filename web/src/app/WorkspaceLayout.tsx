import { Outlet } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "@/i18n/words";
import { NothingHere } from "@/parts/NothingHere";
import { Place } from "@/parts/pageTitle";
import { useLooking, useView, useWorkspaceId } from "@/replica/hooks";
import { rememberWorkspace } from "@/replica/lastWorkspace";

/** What the pages of one workspace share: it is kept current while they are there. */
export function WorkspaceLayout() {
  const id = useWorkspaceId();
  return id === "" ? null : <Present key={id} id={id} />;
}

function Present({ id }: { id: string }) {
  const { t } = useTranslation("shell");
  const { state, head } = useView(id);
  useLooking(id);
  useEffect(() => rememberWorkspace(id), [id]);
  const name = head?.workspace.personal ? t("personal") : head?.workspace.name;
  if (state === "gone") return <NothingHere />;
  return (
    <Place value={name ?? ""}>
      <Outlet />
    </Place>
  );
}
