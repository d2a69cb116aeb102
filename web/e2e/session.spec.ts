// A session that ends in the middle of work loses nothing that was typed.
import { expect, openSignedIn, test, toast } from "./support/test";

test.use({ expectedErrors: /401/ });

test("what was typed is saved right after signing in again", async ({ page, ownWorld: world }) => {
  await openSignedIn(page, world, "/mappings/new");
  const form = page.getByRole("dialog", { name: "New mapping" });
  await form.getByLabel("Name", { exact: true }).fill("Typed before");
  await form.getByLabel("Public address").fill("typed.example.com");
  await form.getByLabel("Host", { exact: true }).fill("127.0.0.1");
  await form.getByLabel("Port", { exact: true }).fill(String(world.upstream.port));
  await expect(form.getByText("The service answers")).toBeVisible();
  await page.context().clearCookies();
  await form.getByRole("button", { name: "Create mapping" }).click();
  const again = page.getByRole("dialog", { name: "Sign in again to go on" });
  await again.getByLabel("Password").fill(world.password);
  await again.getByRole("button", { name: "Sign in and go on" }).click();
  await expect(toast(page, "“Typed before” is live")).toBeVisible();
  await expect.poll(async () => (await world.visit("typed.example.com")).status).toBe(200);
});

test("signing out everywhere asks the other browser for the password, over what it was doing", async ({
  page,
  browser,
  ownWorld: world,
}) => {
  await openSignedIn(page, world, "/mappings/new");
  await page.getByLabel("Name", { exact: true }).fill("Half a form");
  const elsewhere = await (await browser.newContext()).newPage();
  await openSignedIn(elsewhere, world, "/settings/sessions");
  await elsewhere.getByRole("button", { name: /Sign out everywhere/ }).click();
  await elsewhere
    .getByRole("dialog")
    .getByRole("button", { name: /Sign out/ })
    .click();
  const again = page.getByRole("dialog", { name: "Sign in again to go on" });
  await expect(again).toBeVisible();
  await again.getByLabel("Password").fill(world.password);
  await again.getByRole("button", { name: /^Sign in/ }).click();
  await expect(again).toHaveCount(0);
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Half a form");
});

test("signing in again in one tab is enough for the other", async ({ page, context, ownWorld: world }) => {
  await openSignedIn(page, world, "/mappings");
  const other = await context.newPage();
  await other.goto(`${world.url}/requests`);
  await expect(other.getByText("Live", { exact: true })).toBeVisible();
  await expect(page.getByText("No mapping yet")).toBeVisible();
  await world.manager.call("DELETE", "/auth/sessions");
  for (const tab of [page, other])
    await expect(tab.getByRole("dialog", { name: "Sign in again to go on" })).toBeVisible();
  const dialog = page.getByRole("dialog", { name: "Sign in again to go on" });
  await dialog.getByLabel("Password").fill(world.password);
  await dialog.getByRole("button", { name: /^Sign in/ }).click();
  for (const tab of [page, other])
    await expect(tab.getByRole("dialog", { name: "Sign in again to go on" })).toHaveCount(0);
  await expect(other.getByText("Live", { exact: true })).toBeVisible();
});
