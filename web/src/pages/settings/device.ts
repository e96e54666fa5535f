/** Which browser on which system a `User-Agent` means, as people call them; null where unknown. */

type Known = readonly (readonly [RegExp, string])[];

// In this order: most claim to be one of those further down too.
const BROWSERS: Known = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/Chrom(e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bVersion\/.*\bSafari\//, "Safari"],
  [/\bcurl\//, "curl"],
  [/\bpython-(requests|httpx)\/|\bPython-urllib\//i, "Python"],
];
const SYSTEMS: Known = [
  [/\biPad\b/, "iPadOS"],
  [/\biPhone\b|\biPod\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

const find = (known: Known, agent: string): string | null =>
  known.find(([pattern]) => pattern.test(agent))?.[1] ?? null;

export type Device = { browser: string | null; system: string | null; handheld: boolean };

export function deviceOf(agent: string | null): Device {
  const text = agent ?? "";
  return {
    browser: find(BROWSERS, text),
    system: find(SYSTEMS, text),
    handheld: /\b(iPad|iPhone|iPod|Android|Mobile)\b/.test(text),
  };
}
