/** What is changed at the server at once, and not through the outbox: projects, labels, members. */

import { api } from "@/api/client";
import { newKey } from "@/ids";
import { fail, tell } from "@/notices";
import { pull } from "./actions";

type Answer<T> = { data?: T; response: Response };

/**
 * Wait for `call`, then show what it has changed; with `notice`, say so and offer to take it back.
 * Throws what the call throws.
 */
export async function change<T>(
  workspaceId: string,
  call: Promise<Answer<T>>,
  notice?: string,
): Promise<T | undefined> {
  const { data, response } = await call;
  const seq = Number(response.headers.get("Tidework-Seq"));
  await pull(workspaceId);
  if (notice !== undefined) {
    void tell({
      text: notice,
      ...(seq > 0 && { undo: () => void takeBack(workspaceId, seq) }),
    });
  }
  return data;
}

async function takeBack(workspaceId: string, seq: number): Promise<void> {
  try {
    await api.POST("/api/v1/workspaces/{w}/undo", {
      params: { path: { w: workspaceId } },
      headers: { "Idempotency-Key": newKey() },
      body: { seq },
    });
    await pull(workspaceId);
  } catch (error) {
    void fail(error);
  }
}
