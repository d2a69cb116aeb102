// Without a mouse: skip link, go-to keys, palette, help, and where the focus is afterwards.
import { expect, openSignedIn, test } from "./support/test";

// The preview in the settings may run no script.
test.use({ expectedErrors: /Blocked script execution/ });

test("the first Tab offers to skip to the content", async ({ page, world }) => {
  await openSignedIn(page, world, "/mappings");
  await expect(page.getByRole("heading", { level: 1, name: "Mappings" })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
});

test("two keys go to a page, and its title has the focus", async ({ page, world }) => {
  await openSignedIn(page, world, "/mappings");
  await expect(page.getByRole("heading", { level: 1, name: "Mappings" })).toBeVisible();
  for (const [key, title] of [
    ["r", "Requests"],
    ["a", "Agent log"],
    ["s", "Settings"],
    ["d", "Dashboard"],
  ] as const) {
    // The second key counts for a short time after the first; a busy machine may miss it.
    await expect(async () => {
      await page.keyboard.press("g");
      await page.keyboard.press(key);
      await expect(page.getByRole("heading", { level: 1, name: title })).toBeFocused({ timeout: 3000 });
    }).toPass();
    await expect(page).toHaveTitle(new RegExp(title));
  }
});

test("the palette finds a mapping, opens it, and Escape leads back", async ({ page, world }) => {
  await world.manager.map({
    name: "Palette",
    externalDomain: "palette.example.com",
    internalPort: world.upstream.port,
  });
  await openSignedIn(page, world, "/connections");
  await expect(page.getByRole("heading", { level: 1, name: "Connections" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("palette.exam");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Edit Palette" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("a dialog keeps the focus inside and gives it back to its opener", async ({ page, world }) => {
  await openSignedIn(page, world, "/mappings");
  const opener = page.getByRole("button", { name: "Keyboard shortcuts" });
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(dialog).toBeVisible();
  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press("Tab");
    await expect(dialog.locator(":focus")).toHaveCount(1);
  }
  await page.keyboard.press("Escape");
  await expect(opener).toBeFocused();
});

test("a dialog opened from a menu starts at its safe button and leads back to the menu’s button", async ({
  page,
  world,
}) => {
  await world.manager.map({
    name: "Kept",
    externalDomain: "kept.example.com",
    internalPort: world.upstream.port,
  });
  await openSignedIn(page, world, "/mappings?q=kept");
  const more = page.getByRole("button", { name: "More about Kept" }).filter({ visible: true });
  await more.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: /Delete/ }).click();
  await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(more).toBeFocused();
});

test("a list is walked and acted on by keys", async ({ page, world }) => {
  await world.manager.map({
    name: "By key",
    externalDomain: "by-key.example.com",
    internalPort: world.upstream.port,
  });
  await openSignedIn(page, world, "/mappings?q=by-key");
  await expect(page.getByRole("switch", { name: "By key on" })).toBeChecked();
  await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "By key", exact: true })).toBeFocused();
  await page.keyboard.press("o");
  await expect(page.getByRole("switch", { name: "By key on" })).not.toBeChecked();
  await page.keyboard.press("e");
  await expect(page.getByRole("dialog", { name: "Edit By key" })).toBeVisible();
});
