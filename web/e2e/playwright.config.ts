// Journeys in Debian's Chromium over real programs: `npm run e2e`.
import { defineConfig } from "@playwright/test";

export const CHROMIUM = "/usr/bin/chromium";

export default defineConfig({
  testDir: ".",
  outputDir: "../shots/e2e",
  // Each worker runs a browser, a Gateway and an Agent.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  // Figures are taken on their own, by `npm run measure`.
  grepInvert: process.env.OCTOPORTY_MEASURE ? undefined : /@measure/,
  reporter: "list",
  // Deadlines for a busy machine; an idle one needs a few seconds for each test.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  use: {
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    // Pictures of every step would take a third of the time; the pages' snapshots are kept instead.
    trace: { mode: "retain-on-failure", screenshots: false, snapshots: true },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--font-render-hinting=none",
      ],
    },
  },
});
