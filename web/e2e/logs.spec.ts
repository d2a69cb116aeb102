// The Gateway's and the Agent's logs: live, paused, filtered, in detail.
import type { Page } from "@playwright/test";
import { expect, openSignedIn, test } from "./support/test";
import type { World } from "./support/world";

const table = (page: Page, title: string) => page.getByRole("table", { name: `${title}, oldest first` });

/** Each mapping that is made is told to the Gateway, and both programs write about it. */
async function makeLines(world: World, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const mapping = await world.manager.map({
      name,
      externalDomain: `${name}.example.com`,
      internalPort: world.upstream.port,
    });
    await world.manager.call("DELETE", `/mappings/${mapping.id}`);
  }
}

for (const [title, path] of [
  ["Gateway log", "/logs/gateway"],
  ["Agent log", "/logs/agent"],
] as const) {
  test(`the ${title} is live, pauses, and shows a line in full`, async ({ page, ownWorld: world }) => {
    await openSignedIn(page, world, path);
    const rows = table(page, title).getByRole("row");
    await expect(rows.first()).toBeVisible();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await page.keyboard.press("Space");
    await expect(page.getByText(/^Paused at/)).toBeVisible();
    await world.manager.call("POST", "/reconnect");
    await page.getByRole("button", { name: /new lines?$/ }).click();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();

    await rows.first().getByRole("button").click();
    const detail = page.getByRole("complementary", { name: "Log line" });
    await expect(detail.getByRole("region", { name: "Message", exact: true })).not.toBeEmpty();
    await page.keyboard.press("j");
    await page.keyboard.press("Escape");
    await expect(detail).toHaveCount(0);

    const all = await rows.count();
    await page.getByRole("radio", { name: /^Error/ }).click();
    await expect(page).toHaveURL(/level=error/);
    await expect(page.getByText("No line fits")).toBeVisible();
    await page.getByRole("button", { name: "Show all lines" }).click();
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(all);
  });
}

test("a field of a line is a filter", async ({ page, ownWorld: world }) => {
  await openSignedIn(page, world, "/logs/agent");
  await makeLines(world, ["one", "two"]);
  await page.getByRole("searchbox").fill("started");
  const rows = table(page, "Agent log").getByRole("row");
  await expect(rows).toHaveCount(1);
  await rows.getByRole("button").click();
  const fields = page
    .getByRole("complementary", { name: "Log line" })
    .getByRole("region", { name: "Fields" });
  await fields.getByRole("button").first().click();
  await expect(page).toHaveURL(/q=/);
  await expect(rows.first()).toBeVisible();
});
