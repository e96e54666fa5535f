/** Where the words are: a file for each language and namespace. */

type File = { default: Record<string, unknown> };

const files = import.meta.glob<File>("../locales/*/*.json");

export const fileOf = (lng: string, ns: string): Promise<File> | undefined =>
  files[`../locales/${lng}/${ns}.json`]?.();
