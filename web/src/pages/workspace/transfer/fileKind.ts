/** What a file is, from its name and how it begins. */

export type Format = "csv" | "jira" | "json";
export const FORMATS: readonly Format[] = ["csv", "jira", "json"];

const PACKED = /\.(xz|gz|bz2)$/i;
const HEAD_BYTES = 2_000;

/** What the server takes as `Content-Type`; it finds out by itself how a file is packed. */
export function mediaTypeOf(name: string): string {
  const packed = PACKED.exec(name)?.[1]?.toLowerCase();
  if (packed === "xz") return "application/x-xz";
  if (packed === "gz") return "application/gzip";
  if (packed !== undefined) return "application/octet-stream";
  if (/\.(csv|tsv)$/i.test(name)) return "text/csv";
  if (/\.(ndjson|jsonl)$/i.test(name)) return "application/x-ndjson";
  return /\.json$/i.test(name) ? "application/json" : "application/octet-stream";
}

/** The format of a file; null where neither its name nor its beginning (`head`) tells. */
export function formatOf(name: string, head: string): Format | null {
  if (/^\s*\{\s*"format"\s*:\s*"tidework"/.test(head)) return "json";
  const bare = name.replace(PACKED, "");
  if (/\.(csv|tsv)$/i.test(bare)) return "csv";
  if (/\.(ndjson|jsonl)$/i.test(bare)) return "jira";
  if (/^\s*[[{]/.test(head)) return "jira";
  return null;
}

/** How a file begins, unpacked where the browser can do that; empty where it cannot. */
export async function headOf(file: File): Promise<string> {
  if (!PACKED.test(file.name)) return file.slice(0, HEAD_BYTES).text();
  if (!/\.gz$/i.test(file.name) || typeof DecompressionStream === "undefined") return "";
  try {
    const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return new TextDecoder().decode(value?.slice(0, HEAD_BYTES));
  } catch {
    return "";
  }
}
