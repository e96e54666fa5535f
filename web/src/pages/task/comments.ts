/** A task's comments as the server has them, with what waits to be sent on top. */

import type { Schemas } from "@/api/client";
import type { PendingComment } from "@/replica/hooks";

export type Comment = Schemas["CommentOut"];
/** `waiting`: what is shown has not reached the server. */
export type ShownComment = {
  id: string;
  author_id: string | null;
  body: string;
  created_at: string | null;
  edited: boolean;
  waiting: boolean;
};

/** `comments` in the order of the server; new ones stand behind the last. */
export function merged(
  comments: readonly Comment[],
  pending: readonly PendingComment[],
  me: string,
): ShownComment[] {
  const shown = new Map<string, ShownComment>(
    comments.map((one) => [
      one.id,
      {
        id: one.id,
        author_id: one.author_id,
        body: one.body,
        created_at: one.created_at,
        edited: Date.parse(one.updated_at) > Date.parse(one.created_at),
        waiting: false,
      },
    ]),
  );
  for (const { id, op, body, done } of pending) {
    const known = shown.get(id);
    if (op === "delete") shown.delete(id);
    else if (known !== undefined) {
      // Until the list is asked for again it has the old text.
      if (op === "update") shown.set(id, { ...known, body, edited: true, waiting: !done });
    } else if (op === "create") {
      const fresh = { id, author_id: me, body, created_at: null, edited: false, waiting: !done };
      shown.set(id, fresh);
    }
  }
  return [...shown.values()];
}
