// What went through: the request log, one request in detail, the inspector, the connection log.
import { expect, openSignedIn, test } from "./support/test";

test("requests show up as they happen, are filtered, and open in detail", async ({
  page,
  context,
  world,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const domain = "orders.example.com";
  const mapping = await world.manager.map({
    name: "Orders",
    externalDomain: domain,
    internalPort: world.upstream.port,
  });
  await world.traffic(domain, []);
  await openSignedIn(page, world, `/requests?mapping=${mapping.id}`);
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await world.traffic(domain, ["/api/orders?page=3", "/missing", "/broken"]);
  const table = page.getByRole("table", { name: "Requests, newest first" });
  await expect(table.getByRole("row").filter({ hasText: "/api/orders?page=3" })).toContainText("200");
  await page.getByRole("button", { name: "Pause" }).click();
  await world.traffic(domain, ["/while-paused"]);
  await expect(table.getByText("/while-paused")).toHaveCount(0);
  await page.getByRole("button", { name: /new requests?/ }).click();
  await expect(table.getByText("/while-paused")).toBeVisible();

  await page.getByRole("button", { name: "Status: any" }).click();
  await page.getByRole("option", { name: /4xx/ }).click();
  await expect(table.getByRole("row").filter({ hasText: "/missing" })).toBeVisible();
  await expect(table.getByText("/api/orders?page=3")).toHaveCount(0);
  await page.getByRole("button", { name: "Remove the filter Status" }).click();

  await table.getByRole("button", { name: "/api/orders?page=3" }).click();
  const detail = page.getByRole("complementary", { name: "Request" });
  await expect(detail.getByRole("heading", { level: 2 })).toHaveText("GET /api/orders?page=3");
  await expect(detail.getByRole("region", { name: "Timing" })).toContainText("Waiting for the service");
  await detail.getByRole("tab", { name: /Request/ }).click();
  await expect(detail.getByText("x-forwarded-proto")).toBeVisible();
  await detail.getByRole("button", { name: "Copy as curl" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    `curl 'https://${domain}/api/orders?page=3'`,
  );
  await page.keyboard.press("Escape");
  await expect(detail).toHaveCount(0);
});

test("a failure says at which side, and the dashboard leads to it", async ({ page, world }) => {
  const domain = "fails.example.com";
  await world.manager.map({ name: "Fails", externalDomain: domain, internalPort: world.upstream.port });
  await world.traffic(domain, ["/reset"]);
  await openSignedIn(page, world);
  await page.getByRole("listitem").filter({ hasText: domain }).getByRole("link").first().click();
  const detail = page.getByRole("complementary", { name: "Request" });
  await expect(detail.getByText("Failed at: service.")).toBeVisible();
  await expect(page).toHaveURL(/side=service/);
});

test.describe("the inspector", () => {
  // Its preview may run no script, and an unknown host is refused.
  test.use({ expectedErrors: /Blocked script|422/ });

  test("lays both answers side by side and says its verdict first", async ({ page, world }) => {
    const domain = "inspect.example.com";
    await world.manager.map({ name: "Inspect", externalDomain: domain, internalPort: world.upstream.port });
    await world.traffic(domain, []);
    await openSignedIn(page, world, `/inspector?url=https://${domain}/api/orders`);
    await page.getByRole("button", { name: "Send GET" }).click();
    await expect(page.getByRole("heading", { name: "Through the Gateway" })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Straight to the service" })).toBeVisible();
    await expect(page.getByText("200").first()).toBeVisible();
    await page.getByLabel("Show equal").check();
    await expect(page.getByText("content-type").first()).toBeVisible();
    await expect(page.getByRole("heading", { name: "Gateway lines of this request" })).toBeVisible();
    await page.getByLabel("Address to inspect").fill("https://not-mapped.example.com/");
    await page.getByRole("button", { name: "Send GET" }).click();
    await expect(page.getByText("The address was not inspected.")).toBeVisible();
  });
});

test("the connection log has a row for each tunnel, with how it ended", async ({ page, ownWorld: world }) => {
  await openSignedIn(page, world, "/connections");
  const rows = page.getByRole("table", { name: "Connections, newest first" }).getByRole("row");
  await expect(rows.filter({ hasText: "Connected" })).toHaveCount(1);
  await page.getByRole("button", { name: "Reconnect" }).click();
  await expect(rows).toHaveCount(3);
  await expect(rows.filter({ hasText: "Connected" })).toHaveCount(1);
  await page.getByRole("radio", { name: /Ended/ }).click();
  await expect(rows).toHaveCount(2);
});
