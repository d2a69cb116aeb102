// Every page and dialog of the dashboard over a world with traffic: how to get there, and what shows that one is there.
import type { Locator, Page } from "@playwright/test";
import { TITLE } from "./upstream";
import type { World } from "./world";

export const DOMAIN = "app.example.com";

export interface Place {
  name: string;
  path: string;
  /** Done after the page is open. */
  act?: (page: Page) => Promise<unknown>;
  /** Visible when the place is complete. */
  shows: (page: Page) => Locator;
  /** Rules of axe that do not fit here. */
  axeOff?: readonly string[];
}

const heading = (name: string) => (page: Page) => page.getByRole("heading", { level: 1, name });
const dialog = (name: string | RegExp) => (page: Page) => page.getByRole("dialog", { name });

/** A world in which every page has something to show. */
export async function fill(world: World): Promise<void> {
  const internalPort = world.upstream.port;
  await world.manager.map({ name: "Web app", externalDomain: DOMAIN, internalPort });
  await world.manager.map({ name: "Grafana", externalDomain: "grafana.example.com", internalPort });
  await world.manager.map({ name: "Printer", externalDomain: "printer.example.com", internalPort: 1 });
  await world.manager.map({
    name: "Old wiki",
    externalDomain: "wiki.example.com",
    internalPort,
    enabled: false,
  });
  await world.traffic(DOMAIN, ["/", "/api/orders?page=3", "/missing", "/broken", "/reset", "/"]);
  await world.traffic("grafana.example.com", ["/d/home"]);
  await world.visit("printer.example.com");
}

export const PLACES: readonly Place[] = [
  { name: "dashboard", path: "/", shows: (page) => page.getByRole("row").filter({ hasText: "Web app" }) },
  {
    name: "mappings",
    path: "/mappings",
    shows: (page) => page.getByRole("row").filter({ hasText: "Old wiki" }),
  },
  {
    name: "mappings as cards",
    path: "/mappings?view=cards",
    shows: (page) => page.getByRole("main").getByRole("listitem").filter({ hasText: "Old wiki" }),
  },
  {
    name: "nothing found",
    path: "/mappings?q=jellyfin&state=on",
    shows: (page) => page.getByText("Nothing matches “jellyfin”"),
  },
  {
    name: "mapping form",
    path: "/mappings/new",
    act: async (page) => {
      await page.getByText("Headers, protocol and timeouts").click();
      await page.getByRole("button", { name: "Set a header" }).first().waitFor();
      await page.getByRole("button", { name: "Set a header" }).first().click();
    },
    shows: dialog("New mapping"),
  },
  {
    name: "delete",
    path: "/mappings?q=grafana",
    act: async (page) => {
      await page.getByRole("button", { name: "More about Grafana" }).filter({ visible: true }).click();
      await page.getByRole("menuitem", { name: /Delete/ }).click();
    },
    shows: dialog(/^Delete “Grafana”/),
  },
  {
    name: "menu",
    path: "/mappings?q=grafana",
    act: (page) => page.getByRole("button", { name: "More about Grafana" }).filter({ visible: true }).click(),
    shows: (page) => page.getByRole("menu"),
    // An open menu stands at the end of the page, outside of its landmarks.
    axeOff: ["region"],
  },
  { name: "requests", path: "/requests", shows: (page) => page.getByText("/api/orders?page=3") },
  {
    name: "request detail",
    path: "/requests?status=none",
    act: (page) => page.getByRole("button", { name: "/reset" }).first().click(),
    shows: (page) => page.getByRole("tab", { name: /Request/ }),
  },
  {
    name: "no request fits",
    path: "/requests?q=nothing-here",
    shows: (page) => page.getByText("No request fits"),
  },
  {
    name: "inspector",
    path: `/inspector?url=https://${DOMAIN}/api/orders`,
    act: (page) => page.getByRole("button", { name: "Send GET" }).click(),
    shows: (page) => page.getByText("Gateway lines of this request"),
  },
  {
    name: "connections",
    path: "/connections",
    shows: (page) => page.getByRole("row").filter({ hasText: "Connected" }),
  },
  { name: "Gateway log", path: "/logs/gateway", shows: (page) => page.getByText("agent connected").first() },
  {
    name: "log line",
    path: "/logs/agent",
    act: (page) => page.getByRole("row").getByRole("button").last().click(),
    shows: (page) => page.getByRole("heading", { name: "Message" }),
  },
  { name: "Caddy", path: "/caddy", shows: heading("Caddy configuration") },
  {
    name: "landing page",
    path: "/settings/landing",
    shows: (page) => page.getByRole("textbox", { name: /HTML of the landing page/ }),
  },
  { name: "import and export", path: "/settings/data", shows: (page) => page.getByText("Download backup") },
  { name: "sessions", path: "/settings/sessions", shows: (page) => page.getByText("Failed sign-ins") },
  {
    name: "palette",
    path: "/mappings",
    act: async (page) => {
      await heading("Mappings")(page).waitFor();
      await page.keyboard.press("Control+k");
    },
    shows: (page) => page.getByRole("option", { name: /Web app/ }),
  },
  {
    name: "help",
    path: "/mappings",
    act: async (page) => {
      await heading("Mappings")(page).waitFor();
      await page.keyboard.press("?");
    },
    shows: dialog("Keyboard shortcuts"),
  },
  { name: "not found", path: "/settings/nowhere", shows: (page) => page.getByRole("heading", { level: 1 }) },
];

export { TITLE };
