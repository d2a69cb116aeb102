// A Gateway that dies and comes back, an Agent that restarts, and the update of an older Gateway.
import { existsSync, readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { expect, openSignedIn, test, toast } from "./support/test";

/** Presses the banner's button until the banner is gone. The program's own attempt may come before the press. */
async function tryNow(page: Page, banner: Locator): Promise<void> {
  const button = page.getByRole("button", { name: "Try now" });
  await expect(async () => {
    if (await button.isVisible()) await button.click({ timeout: 3000 });
    await expect(banner).toHaveCount(0, { timeout: 3000 });
  }).toPass();
}

test.describe("loss and return", () => {
  test.use({ expectedErrors: /503|504/ });

  test("a lost tunnel shows with what it means, and heals by itself", async ({ page, ownWorld: world }) => {
    await world.manager.map({
      name: "Notes",
      externalDomain: "notes.example.com",
      internalPort: world.upstream.port,
    });
    await world.traffic("notes.example.com", ["/"]);
    await openSignedIn(page, world);
    await expect(page.getByRole("button", { name: /^Connected/ })).toBeVisible();
    await world.killGateway();
    await expect(page.getByRole("alert")).toContainText(
      "The tunnel is down. Visitors get 503 until it is back.",
    );
    await expect(page.getByRole("region", { name: "Live state" })).toContainText(/Attempt \d/);
    world.startGateway();
    await tryNow(page, page.getByRole("alert"));
    await expect(page.getByRole("button", { name: /^Connected/ })).toBeVisible();
    await expect(page.getByText("Last loss")).toBeVisible();
    await expect.poll(async () => (await world.visit("notes.example.com")).status).toBe(200);
  });
});

test.describe("restart of the Agent", () => {
  test.use({ expectedErrors: /ERR_|5\d\d/ });

  test("live updates stop, say so, and go on", async ({ page, ownWorld: world }) => {
    await openSignedIn(page, world, "/mappings");
    await expect(page.getByText("No mapping yet")).toBeVisible();
    await world.stopAgent();
    await expect(page.getByText("Live updates stopped.")).toBeVisible();
    await world.returnAgent();
    await tryNow(page, page.getByText("Live updates stopped."));
    await world.manager.map({
      name: "After",
      externalDomain: "after.example.com",
      internalPort: world.upstream.port,
    });
    await expect(page.getByRole("row").filter({ hasText: "After" })).toBeVisible();
  });
});

test.describe("update", () => {
  test.use({ worldOptions: { olderGateway: true }, expectedErrors: /503|504/ });

  test("an older Gateway is updated: asked, waited for, restarted, done", async ({
    page,
    ownWorld: world,
  }) => {
    const { older, newer } = world.versions;
    await openSignedIn(page, world);
    await expect(page.getByText(`It runs ${older}, the Agent ${newer}.`)).toBeVisible();
    await page.getByRole("button", { name: "Update Gateway" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Update Gateway" }).click();
    await expect(page.getByRole("dialog", { name: "Waiting for the host" })).toBeVisible();
    expect(JSON.parse(readFileSync(world.updateSignal, "utf8"))).toMatchObject({
      targetVersion: newer,
      currentVersion: older,
    });
    await page.getByRole("dialog").getByRole("button", { name: "Close", exact: true }).last().click();
    await expect(page.getByText(`The Gateway is being updated to ${newer}.`)).toBeVisible();
    await page.getByRole("button", { name: "Show the steps" }).click();
    await world.updateGateway();
    const done = page.getByRole("dialog", { name: `The Gateway runs ${newer}` });
    await expect(done).toBeVisible({ timeout: 45_000 });
    await done.getByRole("button", { name: "Done" }).click();
    await expect(page.getByText("The Gateway is older than this Agent.")).toHaveCount(0);
    expect(existsSync(world.updateSignal)).toBe(false);
    await expect(toast(page, /failed/)).toHaveCount(0);
  });
});
