import { createTheme } from "@mantine/core";

/** The tide's colour, and sizes that fingers can hit. */
export const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: { light: 9, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif',
});

const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');

/** What the page's content security policy lets style elements bear. */
export const styleNonce = (): string => meta?.content ?? "";
