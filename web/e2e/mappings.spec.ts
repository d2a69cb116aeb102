// Mappings: create, edit, switch with Undo, delete with the address typed, find, and see them as table and cards.
import type { Page } from "@playwright/test";
import { expect, openSignedIn, test, toast } from "./support/test";
import type { World } from "./support/world";

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

async function menu(page: Page, name: string, item: RegExp): Promise<void> {
  await page
    .getByRole("button", { name: `More about ${name}` })
    .filter({ visible: true })
    .click();
  await page.getByRole("menuitem", { name: item }).click();
}

function mapped(world: World, name: string, externalDomain: string) {
  return world.manager.map({ name, externalDomain, internalPort: world.upstream.port });
}

async function requestsToday(world: World, id: string): Promise<number> {
  const { mappings } = await world.manager.read<{ mappings: { mappingId: string; requests: number }[] }>(
    "/stats/mappings",
  );
  return mappings.find((each) => each.mappingId === id)?.requests ?? 0;
}

test("a mapping is made in the form, tested while it is typed, and live when it is saved", async ({
  page,
  world,
}) => {
  await openSignedIn(page, world, "/mappings");
  await page.getByRole("link", { name: "New mapping" }).first().click();
  const form = page.getByRole("dialog", { name: "New mapping" });
  await expect(form.getByLabel("Name", { exact: true })).toBeFocused();
  await form.getByLabel("Name", { exact: true }).fill("Wiki");
  await form.getByLabel("Public address").fill("https://Wiki.Example.com/start");
  await form.getByLabel("Host", { exact: true }).fill("127.0.0.1");
  await expect(form.getByLabel("Public address")).toHaveValue("wiki.example.com");
  await form.getByLabel("Port", { exact: true }).fill("1");
  await expect(form.getByText("Connection refused", { exact: true })).toBeVisible();
  await form.getByLabel("Port", { exact: true }).fill(String(world.upstream.port));
  await expect(form.getByText("The service answers")).toBeVisible();
  await expect(form.getByText(/title “Team notes”/)).toBeVisible();
  await form.getByRole("button", { name: "Create mapping" }).click();
  await expect(toast(page, "“Wiki” is live")).toBeVisible();
  await expect(row(page, "Wiki")).toBeVisible();
  expect((await world.visit("wiki.example.com")).status).toBe(200);
});

test("what cannot be saved is said at its field, with the remedy", async ({ page, world }) => {
  await mapped(world, "Shop", "shop.example.com");
  await openSignedIn(page, world, "/mappings/new");
  const form = page.getByRole("dialog", { name: "New mapping" });
  await form.getByLabel("Public address").fill("shop.example.com");
  await expect(form.getByLabel("Public address")).toHaveAccessibleDescription(
    /The mapping “Shop” already uses/,
  );
  await form.getByLabel("Public address").fill("two words.example.com");
  await form.getByLabel("Host", { exact: true }).fill("169.254.169.254");
  await form.getByLabel("Port", { exact: true }).fill("80");
  await expect(form.getByText("This address is not allowed", { exact: true })).toBeVisible();
  await expect(form.getByLabel("Public address")).toHaveAccessibleDescription(/no spaces/);
  await form.getByLabel("Port", { exact: true }).fill("99999");
  await form.getByRole("button", { name: "Create mapping" }).click();
  await expect(form.getByText(/^Port:/)).toBeVisible();
  await expect(form).toBeVisible();
});

test("an edited mapping leads elsewhere at once", async ({ page, world }) => {
  const domain = "moved.example.com";
  await world.manager.map({ name: "Moved", externalDomain: domain, internalPort: 1 });
  await openSignedIn(page, world, "/mappings");
  await row(page, "Moved").getByRole("link", { name: "Moved", exact: true }).click();
  const form = page.getByRole("dialog", { name: "Edit Moved" });
  await form.getByLabel("Name", { exact: true }).fill("Moved here");
  await form.getByLabel("Port", { exact: true }).fill(String(world.upstream.port));
  await form.getByText("Headers, protocol and timeouts").click();
  await form.getByLabel("Answer begins within").fill("120");
  await expect(form.getByText("1 changed")).toBeVisible();
  await page.keyboard.press("Control+Enter");
  await expect(row(page, "Moved here")).toBeVisible();
  await expect.poll(async () => (await world.visit(domain)).status).toBe(200);
});

test("a mapping is switched off, back on by Undo, and visitors notice", async ({ page, world }) => {
  const domain = "switch.example.com";
  await mapped(world, "Switch me", domain);
  await world.traffic(domain, []);
  await openSignedIn(page, world, "/mappings?q=switch");
  await page.getByRole("switch", { name: "Switch me on" }).click();
  await expect(toast(page, "“Switch me” is off")).toContainText(`Visitors of ${domain} get 404.`);
  await expect.poll(async () => (await world.visit(domain)).status).toBe(404);
  await toast(page, "“Switch me” is off").getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("switch", { name: "Switch me on" })).toBeChecked();
  await expect.poll(async () => (await world.visit(domain)).status).toBe(200);
});

test("what had traffic today is deleted only with its address typed", async ({ page, world }) => {
  const domain = "gone.example.com";
  const { id } = await mapped(world, "Gone soon", domain);
  await world.traffic(domain, ["/", "/"]);
  // Requests are counted a moment after their answers.
  await expect.poll(() => requestsToday(world, id)).toBeGreaterThan(0);
  await openSignedIn(page, world, "/mappings?q=gone");
  await expect(row(page, "Gone soon")).toContainText(/[1-9]/);
  await menu(page, "Gone soon", /Delete/);
  const dialog = page.getByRole("dialog", { name: "Delete “Gone soon”?" });
  await expect(dialog.getByText(/requests? today/)).toBeVisible();
  const remove = dialog.getByRole("button", { name: "Delete" });
  await expect(remove).toBeDisabled();
  await dialog.getByLabel(/to confirm/).fill(domain);
  await remove.click();
  await expect(toast(page, "“Gone soon” is deleted")).toBeVisible();
  await expect(row(page, "Gone soon")).toHaveCount(0);
  expect((await world.visit(domain)).status).toBe(404);
});

test("a copy starts from the other's settings, without its address", async ({ page, world }) => {
  await mapped(world, "Original", "original.example.com");
  await openSignedIn(page, world, "/mappings?q=original");
  await menu(page, "Original", /Duplicate/);
  const form = page.getByRole("dialog", { name: "Copy of Original" });
  await expect(form.getByLabel("Name", { exact: true })).toHaveValue("Original copy");
  await expect(form.getByLabel("Public address")).toHaveValue("");
  await expect(form.getByLabel("Port", { exact: true })).toHaveValue(String(world.upstream.port));
});

test("search, filter and view are in the address and survive a reload", async ({ page, world }) => {
  await mapped(world, "Find on", "find-on.example.com");
  await world.manager.map({
    name: "Find off",
    externalDomain: "find-off.example.com",
    internalPort: 4000,
    enabled: false,
  });
  await openSignedIn(page, world, "/mappings");
  await page.getByRole("searchbox").fill("find-o");
  await expect(row(page, "Find on")).toBeVisible();
  await page.getByRole("radio", { name: /^Off/ }).click();
  await expect(row(page, "Find on")).toHaveCount(0);
  await expect(row(page, "Find off")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("searchbox")).toHaveValue("find-o");
  await page.getByRole("radio", { name: "Cards" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "find-off.example.com" })).toBeVisible();
  await expect(page).toHaveURL(/view=cards/);
  await page.getByRole("radio", { name: "Table" }).click();
  await page.getByRole("searchbox").fill("no such thing");
  await page.getByRole("button", { name: /Search all/ }).click();
  await page.getByText("Clear the search").click();
  await expect(row(page, "Find on")).toBeVisible();
});

test("two tabs show the same: what one changes, the other shows by itself", async ({
  page,
  context,
  world,
}) => {
  await mapped(world, "In two tabs", "tabs.example.com");
  await openSignedIn(page, world, "/mappings?q=tabs");
  const other = await context.newPage();
  await other.goto(`${world.url}/mappings?q=tabs`);
  await expect(other.getByRole("switch", { name: "In two tabs on" })).toBeChecked();
  await page.getByRole("switch", { name: "In two tabs on" }).click();
  await expect(other.getByRole("switch", { name: "In two tabs on" })).not.toBeChecked();
  await other.getByRole("link", { name: "In two tabs", exact: true }).click();
  await other.getByLabel("Name", { exact: true }).fill("Renamed in the other");
  await other.getByRole("button", { name: "Save changes" }).click();
  await expect(row(page, "Renamed in the other")).toBeVisible();
});
