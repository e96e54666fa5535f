/** Whether the server can serve, part by part. */

/** `degraded`: something is missing that it can go on without. */
export type Status = "ok" | "degraded" | "failed";
export type Check = { name: string; status: Status; seconds: number | null; detail: string | null };
/** `away`: no answer came, or none of this server. */
export type Health = { status: Status | "away"; checks: Check[] };

const STATUSES: readonly unknown[] = ["ok", "degraded", "failed"] satisfies Status[];
const isStatus = (value: unknown): value is Status => STATUSES.includes(value);

type Body = { status?: unknown; checks?: unknown };

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** What the body of an answer says; `away` where it is not one of `/health/ready`. */
export function readHealth(body: unknown): Health {
  const { status, checks } = (typeof body === "object" && body !== null ? body : {}) as Body;
  if (!isStatus(status)) return { status: "away", checks: [] };
  const found = Object.entries((checks ?? {}) as Record<string, Record<string, unknown>>);
  return {
    status,
    checks: found.map(([name, check]) => ({
      name,
      status: isStatus(check?.status) ? check.status : "failed",
      seconds: typeof check?.seconds === "number" ? check.seconds : null,
      detail: text(check?.detail),
    })),
  };
}

/** Ask now, past every cache. Never throws but when it is called off. */
export async function askHealth(signal: AbortSignal): Promise<Health> {
  try {
    const answer = await fetch("/health/ready", { signal, cache: "no-store" });
    return readHealth(await answer.json());
  } catch (error) {
    if (signal.aborted) throw error;
    return { status: "away", checks: [] };
  }
}
