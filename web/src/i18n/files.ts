/** Where the words are: a file for each language and namespace, but one for all that come first. */

type Words = { default: Record<string, unknown> };

const FIRST = ["common", "parts", "shell", "filters"] as const;

const first = import.meta.glob<Record<(typeof FIRST)[number], Words["default"]>>(
  "../locales/*/first.ts",
);
const files = import.meta.glob<Words>([
  "../locales/*/*.json",
  "!../locales/*/{common,parts,shell,filters}.json",
]);

export async function fileOf(lng: string, ns: string): Promise<Words | undefined> {
  const name = FIRST.find((one) => one === ns);
  if (name === undefined) return files[`../locales/${lng}/${ns}.json`]?.();
  const words = await first[`../locales/${lng}/first.ts`]?.();
  return words && { default: words[name] };
}
