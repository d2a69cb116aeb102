// What the screenshots of a running Agent show: pages that any Agent with a mapping and some traffic has.
const firstMapping = async (page) => {
  const link = page.getByRole("row").getByRole("link").first();
  await link.waitFor();
  return (await link.textContent())?.trim() ?? "";
};

export const AGENT_SHOTS = [
  { name: "login", path: "/login", signedOut: true },
  { name: "dashboard", path: "/", full: true, wait: 2000 },
  { name: "mappings", path: "/mappings" },
  { name: "mappings-cards", path: "/mappings?view=cards", full: true },
  { name: "mappings-no-result", path: "/mappings?q=jellyfin&state=on" },
  {
    name: "mapping-form",
    path: "/mappings/new",
    wait: 2000,
    act: async (page) => {
      await page.getByLabel("Name", { exact: true }).fill("Status page");
      await page.getByLabel("Public address").fill("status.example.com");
      await page.getByLabel("Host", { exact: true }).fill("127.0.0.1");
      await page.getByLabel("Port", { exact: true }).fill("3001");
      await page.getByText("Headers, protocol and timeouts").click();
    },
  },
  {
    name: "mapping-edit",
    path: "/mappings",
    wait: 2000,
    act: async (page) => {
      await firstMapping(page);
      await page.getByRole("row").getByRole("link").first().click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "confirm-delete",
    path: "/mappings",
    act: async (page) => {
      const name = await firstMapping(page);
      await page
        .getByRole("button", { name: `More about ${name}` })
        .locator("visible=true")
        .click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
    },
  },
  {
    name: "mapping-menu",
    // An open menu stands at the end of the page, outside of its landmarks.
    axeOff: ["region"],
    path: "/mappings",
    act: async (page) => {
      const name = await firstMapping(page);
      await page
        .getByRole("button", { name: `More about ${name}` })
        .locator("visible=true")
        .click();
    },
  },
  {
    name: "keyboard-help",
    path: "/mappings",
    act: async (page) => {
      await page.getByRole("heading", { name: "Mappings" }).waitFor();
      await page.keyboard.press("?");
    },
  },
  {
    name: "mobile-menu",
    path: "/",
    only: "mobile",
    wait: 1500,
    act: (page) => page.getByRole("button", { name: "More", exact: true }).click(),
  },
  {
    name: "connection-popover",
    path: "/mappings",
    only: "desktop",
    act: (page) => page.getByRole("button", { name: /Connected/ }).click(),
  },
  { name: "request-log", path: "/requests" },
  {
    name: "request-log-detail",
    path: "/requests",
    act: async (page) => {
      await page.getByRole("button", { name: "Pause" }).click();
      await page.getByRole("row").getByRole("button").nth(3).click();
      await page.getByRole("tab", { name: /Answer/ }).waitFor();
    },
  },
  {
    name: "request-log-failed",
    path: "/requests?status=none",
    act: async (page) => {
      await page.getByRole("row").getByRole("button").first().click();
      await page.getByRole("tab", { name: /Answer/ }).waitFor();
    },
  },
  { name: "request-log-empty", path: "/requests?q=nothing-here" },
  {
    name: "request-filter",
    path: "/requests",
    only: "desktop",
    act: (page) => page.getByRole("button", { name: /Mapping: any/ }).click(),
  },
  {
    name: "inspector",
    path: "/mappings",
    full: true,
    act: async (page) => {
      const name = await firstMapping(page);
      await page
        .getByRole("button", { name: `More about ${name}` })
        .locator("visible=true")
        .click();
      await page.getByRole("menuitem", { name: "Inspect" }).click();
      await page.getByRole("button", { name: "Send GET" }).click();
      await page.getByText("Gateway lines").waitFor();
    },
  },
  { name: "inspector-start", path: "/inspector" },
  { name: "connection-log", path: "/connections", full: true },
  { name: "gateway-logs", path: "/logs/gateway", wait: 1000 },
  {
    name: "gateway-logs-paused",
    path: "/logs/gateway",
    wait: 2000,
    act: async (page) => {
      await page.getByRole("row").getByRole("button").last().click();
      await page.getByRole("heading", { name: "Message" }).waitFor();
    },
  },
  { name: "agent-logs", path: "/logs/agent", wait: 1000 },
  {
    name: "caddy",
    path: "/caddy",
    act: (page) => page.getByRole("heading", { name: "Caddy" }).first().waitFor(),
  },
  { name: "settings-landing", path: "/settings/landing", wait: 2000 },
  { name: "settings-data", path: "/settings/data", full: true },
  { name: "settings-sessions", path: "/settings/sessions", full: true },
  {
    name: "command-palette",
    path: "/",
    wait: 1000,
    act: async (page) => {
      await page.getByRole("heading", { name: "Dashboard" }).waitFor();
      await page.keyboard.press("Control+k");
    },
  },
  { name: "not-found", path: "/settings/nowhere" },
];
