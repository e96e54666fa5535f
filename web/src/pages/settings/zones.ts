/** The time zones that this browser knows, and `others`, in the order of the alphabet. */
export function zones(...others: string[]): string[] {
  const known = "supportedValuesOf" in Intl ? Intl.supportedValuesOf("timeZone") : [];
  return [...new Set(["UTC", ...known, ...others])].sort();
}
