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
      await page.getByLabel("Name").fill("Status page");
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
