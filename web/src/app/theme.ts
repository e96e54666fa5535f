import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type VariantColorsResolver,
} from "@mantine/core";

/** What stands on a filled colour: its shade, and so this, is another one in the dark. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const resolved = defaultVariantColorsResolver(input);
  const named = (input.color ?? input.theme.primaryColor) in input.theme.colors;
  return input.variant === "filled" && named
    ? { ...resolved, color: "var(--tidework-on-filled)" }
    : resolved;
};

/** Mantine's own greys and reds have less contrast than WCAG asks for (4.5). */
export const variables: CSSVariablesResolver = (theme) => ({
  variables: {},
  light: {
    "--tidework-on-filled": theme.white,
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "#6c757d",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    "--mantine-color-cyan-filled-hover": "#095c6b",
    "--mantine-color-red-filled-hover": "#a82222",
  },
  dark: {
    "--tidework-on-filled": "var(--mantine-color-dark-9)",
    "--mantine-primary-color-contrast": "var(--mantine-color-dark-9)",
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-placeholder": "#9b9b9b",
    "--mantine-color-error": "var(--mantine-color-red-4)",
  },
});

/** The tide's colour, and sizes that fingers can hit. */
export const theme = createTheme({
  primaryColor: "cyan",
  primaryShade: { light: 9, dark: 4 },
  autoContrast: true,
  variantColorResolver,
  components: {
    // On its own light colour the title's would be too light.
    Alert: { styles: { title: { color: "var(--mantine-color-text)" } } },
    // Said, so that its colours are asked of the resolver.
    Badge: { defaultProps: { variant: "filled" } },
    // The page has one banner; and what is in a menu is an item of it.
    ModalHeader: { defaultProps: { role: "none" } },
    DrawerHeader: { defaultProps: { role: "none" } },
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
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

// The same for what Mantine uses to keep the page behind a dialog from scrolling (get-nonce).
Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
