// What the screenshots show: a page, the scenario of the mock Agent, and what is done before the picture.
export const SHOTS = [
  { name: "login", path: "/login", scenario: "signed-out" },
  {
    name: "login-wrong",
    path: "/login",
    scenario: "signed-out",
    expectStatus: 401,
    act: async (page) => {
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
    },
  },
  {
    name: "login-locked",
    path: "/login",
    scenario: "locked",
    expectStatus: 429,
    act: async (page) => {
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("left of").waitFor();
    },
  },
  { name: "dashboard", path: "/", full: true, wait: 1500 },
  { name: "dashboard-first-run", path: "/", scenario: "first-run", full: true },
  {
    name: "dashboard-first-run-filled",
    path: "/",
    scenario: "first-run",
    full: true,
    wait: 1600,
    act: async (page) => {
      await page.getByLabel("Public address").fill("app.example.com");
      await page.getByLabel("Service in your network").fill("10.0.4.12:3000");
    },
  },
  { name: "dashboard-tunnel-down", path: "/", scenario: "tunnel-down", full: true, wait: 1500 },
  { name: "mappings", path: "/mappings" },
  { name: "mappings-cards", path: "/mappings?view=cards", full: true },
  { name: "mappings-empty", path: "/mappings", scenario: "first-run" },
  { name: "mappings-no-result", path: "/mappings?q=jellyfin&state=on" },
  {
    name: "mapping-form",
    path: "/mappings/new",
    wait: 1600,
    act: async (page) => {
      await page.getByLabel("Name", { exact: true }).fill("Status page");
      await page.getByLabel("Public address").fill("status.example.com");
      await page.getByLabel("Host", { exact: true }).fill("10.0.4.15");
      await page.getByLabel("Port", { exact: true }).fill("3001");
    },
  },
  {
    name: "mapping-form-problem",
    path: "/mappings/2ac5907b-e41d-4f83-86e0-d95c3f7a1b28",
    wait: 1600,
    act: async (page) => {
      await page.getByLabel("Public address").fill("api.example.com");
      await page.getByText("Headers, protocol and timeouts").click();
      await page.getByRole("button", { name: "Forget it" }).click();
      await page.getByLabel("Answer begins within").fill("120");
      await page.getByRole("button", { name: "Set a header" }).first().click();
      await page.getByText("Edit Git").click();
    },
  },
  {
    name: "confirm-delete",
    path: "/mappings",
    act: async (page) => {
      await page.getByRole("button", { name: "More about Photos" }).locator("visible=true").click();
      await page.getByRole("menuitem", { name: "Delete" }).click();
      await page.getByLabel("to confirm").fill("photos.exam");
    },
  },
  {
    name: "toasts",
    path: "/mappings",
    act: async (page) => {
      await page.getByRole("switch", { name: "Grafana on" }).click();
      await page.getByRole("switch", { name: "Old wiki on" }).click();
    },
  },
  {
    name: "mapping-menu",
    // An open menu stands at the end of the page, outside of its landmarks.
    axeOff: ["region"],
    path: "/mappings",
    act: async (page) => {
      await page.getByRole("button", { name: "More about API" }).locator("visible=true").click();
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
    wait: 1500,
    path: "/",
    only: "mobile",
    act: async (page) => {
      await page.getByRole("button", { name: "More", exact: true }).click();
    },
  },
  {
    name: "connection-popover",
    path: "/mappings",
    only: "desktop",
    act: async (page) => {
      await page.getByRole("button", { name: /Connected/ }).click();
    },
  },
];

SHOTS.push(
  { name: "request-log", path: "/requests" },
  {
    name: "request-log-detail",
    path: "/requests",
    act: async (page) => {
      await page.getByRole("button", { name: "/v1/reports/weekly?format=csv" }).first().click();
      await page.getByRole("tab", { name: /Answer/ }).waitFor();
    },
  },
  { name: "request-log-empty", path: "/requests?q=nothing-here" },
  { name: "request-log-first", path: "/requests", scenario: "first-run" },
  {
    name: "request-filter",
    path: "/requests",
    only: "desktop",
    act: async (page) => {
      await page.getByRole("button", { name: /Mapping: any/ }).click();
    },
  },
  {
    name: "inspector",
    path: "/inspector?url=https%3A%2F%2Fapp.example.com%2Forders%3Fpage%3D3",
    full: true,
    act: async (page) => {
      await page.getByRole("button", { name: "Send GET" }).click();
      await page.getByText("Gateway lines").waitFor();
      await page.getByLabel("Show equal").check();
    },
  },
  { name: "inspector-start", path: "/inspector" },
  { name: "connection-log", path: "/connections", full: true },
  { name: "gateway-logs", path: "/logs/gateway" },
  {
    name: "gateway-logs-paused",
    path: "/logs/gateway",
    wait: 2600,
    act: async (page) => {
      await page.getByText("no answer headers: connection reset by the service").last().click();
      await page.getByRole("heading", { name: "Message" }).waitFor();
    },
  },
  { name: "agent-logs", path: "/logs/agent" },
  {
    name: "caddy",
    path: "/caddy",
    act: async (page) => {
      await page.getByLabel("Search keys and values").fill("octoporty");
    },
  },
  {
    name: "settings-landing",
    path: "/settings/landing",
    wait: 1500,
    act: async (page) => {
      await page.getByText("You have reached our front door.").first().waitFor();
    },
  },
  {
    name: "settings-data",
    path: "/settings/data",
    full: true,
    expectStatus: 422,
    act: async (page) => {
      await page.getByLabel("File to import").setInputFiles({
        name: "octoporty-export-2026-04-12.json",
        mimeType: "application/json",
        buffer: Buffer.from("{}"),
      });
      await page.getByText("bad_host").waitFor();
    },
  },
  { name: "settings-sessions", path: "/settings/sessions", full: true },
  { name: "dashboard-update-banner", path: "/", scenario: "update", wait: 1200 },
  {
    name: "update-offer",
    path: "/",
    scenario: "update",
    act: async (page) => {
      await page.getByRole("button", { name: "Update Gateway" }).click();
    },
  },
  {
    name: "update-dialog",
    path: "/",
    scenario: "update",
    wait: 1500,
    act: async (page) => {
      await page.getByRole("button", { name: "Update Gateway" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Update Gateway" }).click();
      await page.getByText("Waiting for the host to fetch").waitFor();
    },
  },
  {
    name: "command-palette",
    path: "/",
    wait: 1000,
    act: async (page) => {
      await page.getByRole("heading", { name: "Dashboard" }).waitFor();
      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("Search or jump to").fill("git");
    },
  },
  {
    name: "session-expired",
    path: "/mappings/new",
    act: async (page) => {
      await page.getByLabel("Name", { exact: true }).fill("Status page");
      await page.getByLabel("Public address").fill("status.example.com");
      await page.getByLabel("Host", { exact: true }).fill("10.0.4.15");
      await page.getByLabel("Port", { exact: true }).fill("3001");
      await page.request.post("/__mock/signed-out").catch(() => undefined);
      await page.getByRole("button", { name: "Create mapping" }).click();
      await page.getByRole("heading", { name: "Sign in again to go on" }).waitFor();
    },
    expectStatus: 401,
  },
  { name: "not-found", path: "/nowhere" },
  { name: "mappings-many", path: "/mappings", scenario: "many", only: "desktop" },
);
