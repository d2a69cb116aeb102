import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { budget } from "./tools/vite/budget";
import { chunkGroups } from "./tools/vite/chunk-groups";
import { mockAgent } from "./tools/vite/mock-agent";
import { precompress } from "./tools/vite/precompress";
import { preloadStart } from "./tools/vite/preload-start";
import { sonnerWithoutInjection, stylePolicyAliases } from "./tools/vite/style-policy";
import { themeScript } from "./tools/vite/theme-script";

export default defineConfig(({ mode, isPreview }) => ({
  plugins: [
    react(),
    tailwindcss(),
    sonnerWithoutInjection(),
    themeScript(),
    preloadStart(),
    budget(),
    precompress(),
    mode === "mock" && mockAgent({ strict: isPreview }),
  ],
  resolve: {
    alias: [
      { find: "~", replacement: fileURLToPath(new URL("./src", import.meta.url)) },
      ...stylePolicyAliases,
    ],
  },
  // In development the real Agent answers the API; `--mode mock` answers it in this process.
  server: mode === "mock" ? {} : { proxy: { "/api": "http://127.0.0.1:17201" } },
  build: {
    target: "es2022",
    // The policy allows no `data:` addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: chunkGroups } } },
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.{ts,tsx}"],
    setupFiles: ["test/setup.ts"],
    css: false,
    restoreMocks: true,
    // Whole pages in jsdom are slow on a small machine; a hang still ends.
    testTimeout: 40_000,
  },
}));
