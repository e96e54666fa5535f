import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";
import { drawnBefore } from "./build/before.ts";
import { compress } from "./build/compress.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// One file for what is always needed together: it compresses better, and there is one request for
// it. What these import comes along, what they import later does not.
const TOGETHER = {
  // Runs while all else is on its way, and so is small.
  boot: /src\/boot\.ts$|preload-helper/,
  // Every page needs these, also those before signing in. They are run one after the other, with
  // room in between.
  react: /node_modules\/(react|react-dom|scheduler|use-sync-external-store)\//,
  ways: /node_modules\/(i18next|openapi-fetch|@tanstack\/(history|store|react-store|router-core|react-router|query-core|react-query))\/|src\/api\/client\.ts$/,
  base: /node_modules\/clsx\/|src\/main\.tsx$/,
  controls:
    /@mantine\/core\/esm\/components\/(Alert|Button|ActionIcon|CloseButton|Input|InputBase|Loader|TextInput|UnstyledButton)\//,
  shell:
    /src\/app\/(Shell|WorkspaceLayout)\.tsx$|src\/parts\/QuickAdd\/QuickAddHere\.tsx$|src\/parts\/(DueDate|EmptyState|LabelChip|PageSkeleton|PersonAvatar|PriorityIcon|StatusBadge|onDemand)\.tsx$|src\/parts\/filters\/(FilterBar\.tsx|useFilter\.ts|useFiltered\.ts)$|src\/parts\/(useFixedRows|dragging\/grip)\.ts$|src\/replica\/actions\.ts$|\/(use-merged-ref|get-style-object|IconChevronLeft|IconChevronRight|IconClockPause|IconDots|IconUserPlus)\.mjs$/,
  list: /src\/pages\/list\/ListPage\.tsx$/,
};
const groups = Object.entries(TOGETHER).map(([name, test], i) => ({
  name,
  test,
  priority: 20 - i,
}));

export default defineConfig({
  plugins: [
    react(),
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      injectManifest: {
        globPatterns: ["**/*.{js,css,svg,png,woff2}"],
        maximumFileSizeToCacheInBytes: 4 * 1024 * 1024,
      },
      manifest: {
        name: "Tidework",
        short_name: "Tidework",
        description: "A task manager for teams",
        id: "/",
        start_url: "/my-tasks",
        display: "standalone",
        background_color: "#ffffff",
        theme_color: "#0b7285",
        icons: [
          { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
          {
            src: "/icon-maskable-512.png",
            sizes: "512x512",
            type: "image/png",
            purpose: "maskable",
          },
          { src: "/icon.svg", sizes: "any", type: "image/svg+xml" },
        ],
      },
    }),
    drawnBefore(),
    compress(),
  ],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: here("../src/tidework/web/dist"),
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: here("./index.html"),
      output: { codeSplitting: { groups } },
    },
  },
  // The page knows its assets by their address on the server, which may put a CDN in front; code
  // finds other code beside itself, wherever it came from.
  experimental: {
    renderBuiltUrl: (filename, { hostType }) =>
      hostType === "html" ? `/${filename}` : { relative: true },
  },
  server: {
    proxy: {
      "/api": { target: process.env.TIDEWORK_SERVER ?? "http://127.0.0.1:8000", ws: true },
      "/health": { target: process.env.TIDEWORK_SERVER ?? "http://127.0.0.1:8000" },
    },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    environment: "node",
    pool: "threads",
    // Unless told otherwise it leaves a processor to an editor.
    maxWorkers: "100%",
  },
});
