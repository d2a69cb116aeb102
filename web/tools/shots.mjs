// Pictures of every page, in two themes and two sizes, into `shots/`. Fails on a console error or an axe violation.
// Over the mock Agent: npm run build && npm run shots [-- part of a name]
// Over a running one, such as that of `make run`: OCTOPORTY_PASSWORD=… npm run shots -- --agent http://localhost:17201
// OCTOPORTY_SIZES=small,huge,zoom takes a small phone, a large screen, and a desktop at 200 % instead.
import { mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { preview } from "vite";
import { AGENT_SHOTS } from "./agent-shot-list.mjs";
import { SHOTS } from "./shot-list.mjs";

/** `like` tells whether a shot for desktops or for phones alone is taken; `scale` is the zoom. */
const SIZES = {
  desktop: { width: 1440, height: 900, like: "desktop" },
  mobile: { width: 390, height: 844, like: "mobile" },
  small: { width: 360, height: 740, like: "mobile" },
  huge: { width: 2560, height: 1440, like: "desktop" },
  zoom: { width: 720, height: 450, like: "mobile", scale: 2 },
};
const sizes = (process.env.OCTOPORTY_SIZES ?? "desktop,mobile").split(",");
const words = process.argv.slice(2);
const agent = words[0] === "--agent" ? words[1] : undefined;
const wanted = agent ? words.slice(2) : words;
const folder = agent ? "shots/agent" : "shots";
const axeSource = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

mkdirSync(folder, { recursive: true });
const server = agent
  ? null
  : await preview({ mode: "mock", logLevel: "error", preview: { port: 0, host: "127.0.0.1" } });
const base = agent ?? `http://127.0.0.1:${server.httpServer.address().port}`;
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
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
});
const problems = [];
let cookies = null;

for (const shot of agent ? AGENT_SHOTS : SHOTS) {
  for (const size of sizes) {
    for (const theme of ["light", "dark"]) {
      const name = `${shot.name}-${size}-${theme}`;
      if (shot.only && shot.only !== SIZES[size].like) continue;
      if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
      await take(shot, size, theme, name);
    }
  }
}

await browser.close();
await server?.close();
for (const line of problems) console.error(line);
process.exit(problems.length > 0 ? 1 : 0);

async function take(shot, size, theme, name) {
  if (!agent) await fetch(`${base}/__mock/${shot.scenario ?? "healthy"}`);
  const context = await browser.newContext({
    viewport: { width: SIZES[size].width, height: SIZES[size].height },
    deviceScaleFactor: SIZES[size].scale ?? 1,
    colorScheme: theme,
    bypassCSP: false,
    hasTouch: SIZES[size].like === "mobile" && !SIZES[size].scale,
    reducedMotion: "reduce",
    baseURL: base,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
  const page = await context.newPage();
  const note = (text) => problems.push(`${name}: ${text}`);
  page.on("pageerror", (error) => note(error.message));
  page.on("console", (message) => {
    const status = shot.signedOut ? 401 : shot.expectStatus;
    const expected = status && message.text().includes(String(status));
    if (message.type() === "error" && !expected) note(message.text());
  });
  try {
    if (agent && !shot.signedOut) await signIn(context);
    await page.goto(`${base}${shot.path}`);
    await page.waitForLoadState("load");
    await shot.act?.(page, size);
    await page.waitForTimeout(shot.wait ?? 500);
    await page.screenshot({ path: `${folder}/${name}.png`, fullPage: !!shot.full });
    await checkWithAxe(page, note, shot.axeOff ?? []);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (overflow > 0) note(`scrolls sideways by ${overflow} px`);
  } catch (error) {
    note(error.message.split("\n")[0]);
  }
  await context.close();
}

/** One sign-in serves all pictures: an Agent takes few from a new browser. */
async function signIn(context) {
  if (cookies) return context.addCookies(cookies);
  const answer = await context.request.post(`${base}/api/v1/auth/login`, {
    data: { password: process.env.OCTOPORTY_PASSWORD ?? "" },
  });
  if (!answer.ok()) throw new Error(`the sign-in was answered with ${answer.status()}`);
  ({ cookies } = await context.storageState());
}

async function checkWithAxe(page, note, off) {
  // The page's policy refuses inline script, so axe goes in through the debugger.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async (off) => {
    const result = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return result.violations
      .filter((each) => !off.includes(each.id))
      .map(
        (each) =>
          `${each.id}: ${each.nodes
            .slice(0, 3)
            .map((node) => node.html.slice(0, 160))
            .join(" | ")}`,
      );
  }, off);
  for (const violation of violations) note(violation);
}
