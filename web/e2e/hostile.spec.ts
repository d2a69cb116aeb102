// U4, R50: whatever strangers write stays text. Mark-up, script, terminal codes, turned text and very long text, in every field shown.
import type { Page } from "@playwright/test";
import { expect, openSignedIn, test } from "./support/test";
import { World } from "./support/world";

const SCRIPT = "<script>globalThis.owned=1</script><img src=x onerror=globalThis.owned=1>";
const TURNED = "\u202egnp.exe\u202c";
const LONG = "very-long-".repeat(60);
const DOMAIN = "hostile.example.com";

let world: World;
test.beforeAll(async () => {
  world = await World.start({ caddy: true });
  const internalPort = world.upstream.port;
  await world.manager.map({ name: `${SCRIPT.slice(0, 70)}${TURNED}`, externalDomain: DOMAIN, internalPort });
  await world.manager.map({
    name: LONG.slice(0, 100),
    externalDomain: `${"l".repeat(60)}.example.com`,
    internalPort,
  });
  await world.manager.map({
    name: "Long host",
    externalDomain: "long-host.example.com",
    internalHost: `${"h".repeat(60)}.${"i".repeat(60)}.${"j".repeat(60)}.internal`,
    internalPort: 65_535,
  });
  await world.manager.call("PUT", "/settings/landing-page", { html: `<h1>Hi</h1>${SCRIPT}` });
  const agent = { "user-agent": SCRIPT, "x-note": SCRIPT };
  await world.traffic(DOMAIN, []);
  const escaped = encodeURIComponent(`${SCRIPT}\u001b[31m${TURNED}`);
  await world.visit(DOMAIN, `/${escaped}?q=${escaped}`, { headers: agent });
  await world.visit(DOMAIN, `/${LONG}`, { headers: { "user-agent": `${SCRIPT}${LONG}` } });
  await world.visit(DOMAIN, "/hostile", { headers: { "user-agent": SCRIPT } });
});
test.afterAll(() => world.close());

// Sandboxed frames refuse the scripts that they are shown, and their policy the image that the hostile page asks this origin for:
// that the browser says so is the proof.
test.use({
  expectedErrors:
    /Blocked script execution|409|422|401|Loading the image '[^']*\/x' violates .*"img-src data: https:"/,
});

/** Nothing ran, nothing was loaded, and nothing pushes the page aside. */
async function expectHarmless(page: Page): Promise<void> {
  const found = await page.evaluate(() => ({
    owned: "owned" in globalThis,
    images: document.querySelectorAll("img").length,
    scripts: [...document.scripts].filter((script) => !script.src).length,
    beyond: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    raw: ["\u001b", "\u202e"].some((control) => document.body.innerText.includes(control)),
  }));
  expect(found).toEqual({ owned: false, images: 0, scripts: 0, beyond: 0, raw: false });
}

const PAGES: readonly (readonly [string, string, (page: Page) => Promise<unknown>])[] = [
  ["the dashboard", "/", (page) => page.getByText("<script>globalThis.owned=1").first().waitFor()],
  ["the mappings", "/mappings", (page) => page.getByText("<script>globalThis.owned=1").first().waitFor()],
  [
    "the cards",
    "/mappings?view=cards",
    (page) => page.getByText("<script>globalThis.owned=1").first().waitFor(),
  ],
  ["the requests", "/requests", (page) => page.getByText("/very-long-").first().waitFor()],
  ["the connections", "/connections", (page) => page.getByRole("row").nth(1).waitFor()],
  ["the Gateway log", "/logs/gateway", (page) => page.getByRole("row").first().waitFor()],
  ["the Agent log", "/logs/agent", (page) => page.getByRole("row").first().waitFor()],
  ["Caddy’s configuration", "/caddy", (page) => page.getByRole("searchbox").waitFor()],
  [
    "the landing page",
    "/settings/landing",
    (page) => page.frameLocator("iframe").frameLocator("iframe").getByText("Hi").waitFor(),
  ],
  ["the sessions", "/settings/sessions", (page) => page.getByText("Failed sign-ins").waitFor()],
];

for (const [name, path, ready] of PAGES) {
  test(`${name}: hostile text is text`, async ({ page }) => {
    await openSignedIn(page, world, path);
    await ready(page);
    await expectHarmless(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectHarmless(page);
  });
}

test("a request's path, headers and browser are text in its detail", async ({ page }) => {
  await openSignedIn(page, world, "/requests");
  for (const path of ["/hostile", "/very-long-", "/%3Cscript%3E"]) {
    await page.getByRole("button", { name: path }).first().click();
    const detail = page.getByRole("complementary", { name: "Request" });
    await expect(detail.getByText(/<script>globalThis/).first()).toBeVisible();
    await detail.getByRole("tab", { name: /Answer/ }).click();
    if (path === "/hostile") await expect(detail.getByText("<img src=x onerror=alert(1)>")).toBeVisible();
    await expectHarmless(page);
  }
});

test("the inspector shows a hostile answer in a frame that may do nothing", async ({ page }) => {
  await openSignedIn(page, world, `/inspector?url=https://${DOMAIN}/hostile`);
  await page.getByRole("button", { name: "Send GET" }).click();
  await page.getByLabel("Show equal").check();
  await expect(page.getByText("x-hostile").first()).toBeVisible();
  for (const tab of await page.getByRole("radio", { name: /Preview|Raw|Diff|Difference/ }).all()) {
    await tab.click();
    await expectHarmless(page);
  }
  await expect(page).not.toHaveTitle("owned");
});

test("an import's rows, a search and a toast show hostile text as it is", async ({ page }) => {
  await openSignedIn(page, world, "/settings/data");
  const exported = await world.manager.read<{ mappings: object[] }>("/import-export/export");
  const rows = [
    { ...exported.mappings[0], name: SCRIPT, externalDomain: `${SCRIPT}.example.com` },
    { ...exported.mappings[0], name: `${SCRIPT.slice(0, 80)}`, externalDomain: "imported.example.com" },
  ];
  await page.getByLabel("File to import").setInputFiles({
    name: `${"n".repeat(120)}<b>.json`,
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify({ ...exported, mappings: rows })),
  });
  await expect(page.getByText("<script>globalThis.owned=1").first()).toBeVisible();
  await expectHarmless(page);
  await page.goto(`${world.url}/mappings?q=${encodeURIComponent(SCRIPT + LONG)}`);
  await expect(page.getByText(/Nothing matches/)).toBeVisible();
  await expectHarmless(page);
  await page.goto(`${world.url}/mappings`);
  await page.getByRole("switch", { name: /^<script>/ }).click();
  await expect(page.getByText(/“<script>.*” is off/)).toBeVisible();
  await expectHarmless(page);
});
