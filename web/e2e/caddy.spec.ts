// Caddy's configuration, from a real Caddy in front of the Gateway.
import { installedCaddy } from "./support/program";
import { expect, openSignedIn, test } from "./support/test";

test.use({ worldOptions: { caddy: true } });
test.skip(!installedCaddy(), "no Caddy: tests/setup.sh installs one");

test("Caddy’s configuration is folded, searched, and our routes bear their mapping’s name", async ({
  page,
  context,
  ownWorld: world,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await world.manager.map({
    name: "Behind Caddy",
    externalDomain: "caddy.example.com",
    internalPort: world.upstream.port,
  });
  await openSignedIn(page, world, "/caddy");
  // The route is written soon after the mapping is taken.
  await expect(async () => {
    await page.getByRole("button", { name: "Read again" }).click();
    await expect(page.getByRole("button", { name: "Our routes 1" })).toBeVisible({ timeout: 2000 });
  }).toPass();
  await expect(page.getByText("Behind Caddy")).toBeVisible();
  await page.getByRole("searchbox").fill("caddy.example.com");
  await expect(page.getByText(/^1 of [1-9]/)).toBeVisible();
  await page
    .getByRole("button", { name: "Fold all" })
    .or(page.getByRole("button", { name: "Unfold all" }))
    .click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  expect(JSON.stringify(copied)).toContain("octoporty-");
});

test("without Caddy the page says so", async ({ page, world }) => {
  await openSignedIn(page, world, "/caddy");
  await expect(page.getByText("Caddy’s configuration cannot be read")).toBeVisible();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
});
