/** Names and invitations are the accounts', and no commit of a workspace tells of them. */

import type { Change, Member } from "./model";

/** Whether the members that are kept may be old: they were changed, or somebody invited is here. */
export function tellsOfPeople(changes: readonly Change[], members: readonly Member[]): boolean {
  const invited = new Set(members.filter((one) => one.placeholder).map((one) => one.user_id));
  return changes.some(
    ({ entity, actor_id: actor }) => entity === "member" || (actor !== null && invited.has(actor)),
  );
}
