/** A refused or failed request: what RFC 9457's problem details say, or what the network did. */

export type ProblemItem = { pointer: string; code: string; detail: string };

export class Problem extends Error {
  /** `status` is 0 when no answer came at all. */
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: readonly ProblemItem[] = [],
    readonly retryAfterMs: number | null = null,
    readonly requestId: string | null = null,
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** Whether the same request may succeed later, unchanged. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }

  get offline(): boolean {
    return this.status === 0;
  }

  /** What is said about one field of the body, if something is. */
  of(field: string): string | undefined {
    return this.errors.find((item) => item.pointer === `/${field}`)?.detail;
  }
}

type ProblemBody = {
  code?: string;
  detail?: string;
  title?: string;
  errors?: ProblemItem[];
  request_id?: string;
};

/** The `Problem` that an answer describes; also of answers that no server of ours has given. */
export function problemOf(response: Response, body: unknown): Problem {
  const said: ProblemBody = typeof body === "object" && body !== null ? body : {};
  const seconds = Number(response.headers.get("Retry-After"));
  return new Problem(
    response.status,
    said.code ?? `http_${response.status}`,
    said.detail ?? said.title ?? response.statusText,
    said.errors ?? [],
    Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null,
    said.request_id ?? response.headers.get("X-Request-Id"),
  );
}

/** The `Problem` for whatever was thrown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DOMException && error.name === "AbortError") {
    return new Problem(0, "aborted", error.message);
  }
  // What fetch throws when there is no answer.
  if (error instanceof TypeError) return new Problem(0, "offline", error.message);
  return new Problem(-1, "defect", error instanceof Error ? error.message : String(error));
}
