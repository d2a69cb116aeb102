// Settings: the landing page, import, export, backup, sessions.
import { readFileSync } from "node:fs";
import type { Download, Page } from "@playwright/test";
import { expect, openSignedIn, test, toast } from "./support/test";

// What a landing page may not do is refused, and Chromium says so.
test.use({ expectedErrors: /Blocked script execution/ });

async function downloaded(page: Page, button: string): Promise<Download> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return download;
}

test("the landing page is edited, previewed, published to visitors, and reset", async ({
  page,
  ownWorld: world,
}) => {
  await openSignedIn(page, world, "/settings/landing");
  const editor = page.getByRole("textbox", { name: /HTML of the landing page/ });
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("<h1>Our front door</h1><script>document.title = 'owned'</script>");
  const preview = page.frameLocator("iframe").frameLocator("iframe");
  await expect(preview.getByRole("heading", { name: "Our front door" })).toBeVisible();
  await page.getByRole("button", { name: "Publish" }).click();
  await expect(toast(page, "The landing page is published")).toBeVisible();
  await expect
    .poll(
      async () => (await world.visit("nobody.example.com", "/", { headers: { accept: "text/html" } })).body,
    )
    .toContain("Our front door");
  await page.getByRole("button", { name: "Back to the default" }).click();
  await page.getByRole("button", { name: "Use the default" }).click();
  await expect(toast(page, "The default landing page is back")).toBeVisible();
  await expect
    .poll(
      async () => (await world.visit("nobody.example.com", "/", { headers: { accept: "text/html" } })).body,
    )
    .not.toContain("Our front door");
});

test("an export is imported again: what changes is shown before anything does", async ({
  page,
  ownWorld: world,
}) => {
  const mapping = await world.manager.map({
    name: "Exported",
    externalDomain: "exported.example.com",
    internalPort: world.upstream.port,
  });
  await openSignedIn(page, world, "/settings/data");
  const file = await downloaded(page, "Download export");
  const exported = JSON.parse(readFileSync(await file.path(), "utf8"));
  expect(exported.mappings).toHaveLength(1);
  await world.manager.call("DELETE", `/mappings/${mapping.id}`);
  exported.mappings.push({ ...exported.mappings[0], externalDomain: "not a domain" });
  await page.getByLabel("File to import").setInputFiles({
    name: "export.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(exported)),
  });
  await expect(page.getByText("1 row cannot be imported, so nothing will be.")).toBeVisible();
  await page.getByRole("button", { name: "Leave out row 2" }).click();
  await page.getByRole("button", { name: "Import 1 change", exact: true }).click();
  await expect(toast(page, "1 mapping imported")).toBeVisible();
  await page.getByRole("link", { name: /^Mappings/ }).click();
  await expect(page.getByRole("row").filter({ hasText: "exported.example.com" })).toBeVisible();
});

test("the backup is a whole database", async ({ page, world }) => {
  await openSignedIn(page, world, "/settings/data");
  const file = await downloaded(page, "Download backup");
  expect(file.suggestedFilename()).toMatch(/^octoporty-\d{4}-\d\d-\d\d\.db$/);
  expect(
    readFileSync(await file.path())
      .subarray(0, 15)
      .toString(),
  ).toBe("SQLite format 3");
  await expect(toast(page, "The backup is downloaded")).toBeVisible();
});

test("how it looks is kept in this browser", async ({ page, world }) => {
  await openSignedIn(page, world, "/settings/sessions");
  await page.getByRole("radiogroup", { name: "Theme" }).getByRole("radio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});
