// A new user: a fresh database, from the sign-in to the first live mapping, without reading anything.
import { expect, openSignedIn, signIn, test } from "./support/test";

/** What the project promises a new user, in milliseconds; a person needs the rest of the minute for typing. */
const PROMISED_MS = 60_000;

test.use({ expectedErrors: /401/ });

test("a new user has a live mapping within a minute", async ({ page, ownWorld: world }) => {
  const started = Date.now();
  await page.goto(world.url);
  await signIn(page, world);
  await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
  await expect(page.getByText("Nothing is public until you make a mapping.")).toBeVisible();
  await page.getByLabel("Public address").fill("notes.example.com");
  await page.getByLabel("Service in your network").fill(`127.0.0.1:${world.upstream.port}`);
  await expect(page.getByText("The service answers")).toBeVisible();
  await page.getByRole("button", { name: "Create mapping" }).click();
  await expect(page.getByText("“Notes” is live.")).toBeVisible();
  expect((await world.visit("notes.example.com")).body).toContain("Team notes");
  expect(Date.now() - started).toBeLessThan(PROMISED_MS);
});

test("with its first request the dashboard becomes the ordinary one, by itself", async ({
  page,
  ownWorld: world,
}) => {
  await world.manager.map({
    name: "Notes",
    externalDomain: "notes.example.com",
    internalPort: world.upstream.port,
  });
  await openSignedIn(page, world);
  await expect(page.getByText("“Notes” is live.")).toBeVisible();
  await world.traffic("notes.example.com", ["/"]);
  await expect(page.getByRole("img", { name: /Requests per second/ })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "notes.example.com" })).toBeVisible();
});
