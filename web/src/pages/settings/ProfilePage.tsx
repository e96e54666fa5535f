import { PageSkeleton } from "@/parts/PageSkeleton";
import { useMe } from "@/replica/hooks";
import { DeleteAccount } from "./DeleteAccount";
import { EmailSection } from "./EmailSection";
import { NameSection } from "./NameSection";
import { PlaceSection } from "./PlaceSection";
import { SettingsFrame } from "./SettingsFrame";

/** Who somebody is here, and how their account ends. */
export function ProfilePage() {
  const me = useMe();
  return (
    <SettingsFrame page="profile">
      {me === undefined ? (
        <PageSkeleton rows={8} />
      ) : (
        <>
          <NameSection me={me} />
          <EmailSection me={me} />
          <PlaceSection me={me} />
          <DeleteAccount me={me} />
        </>
      )}
    </SettingsFrame>
  );
}
