// Signing in and out, and what too many wrong passwords bring.
import { expect, signIn, test } from "./support/test";

test.use({ expectedErrors: /401|429/ });

test("a wrong password is said at the field, the right one leads to where one wanted", async ({
  page,
  world,
}) => {
  await page.goto(`${world.url}/mappings?state=off`);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByLabel("Password")).toHaveAccessibleDescription(
    "The password is wrong. 4 tries left before a 1 minute lock.",
  );
  await expect(page.getByLabel("Password")).toBeFocused();
  await signIn(page, world);
  await expect(page.getByRole("heading", { level: 1, name: "Mappings" })).toBeVisible();
  await expect(page).toHaveURL(/state=off/);
});

test("signing out ends the session on the server too", async ({ page, world }) => {
  await page.goto(world.url);
  await signIn(page, world);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const answer = await page.request.get(`${world.url}/api/v1/status`);
  expect(answer.status()).toBe(401);
});

test("too many wrong passwords lock the address, count down, and open again", async ({
  page,
  ownWorld: world,
}) => {
  await page.clock.install();
  await page.goto(world.url);
  const send = page.getByRole("button", { name: "Sign in", exact: true });
  for (let left = 4; left > 0; left -= 1) {
    await page.getByLabel("Password").fill("wrong");
    await send.click();
    await expect(page.getByLabel("Password")).toHaveAccessibleDescription(
      new RegExp(`${left} tr(y|ies) left`),
    );
  }
  await page.getByLabel("Password").fill("wrong");
  await send.click();
  await expect(page.getByRole("heading", { name: "Sign in is locked" })).toBeVisible();
  await expect(page.getByText("left of 1 minute.")).toBeVisible();
  await expect(page.getByLabel("Password")).toBeDisabled();
  await page.clock.fastForward("00:20");
  await expect(page.getByRole("button", { name: /Try again in 0:[34]\d/ })).toBeDisabled();
  // The page says that a restart clears the lock; the browser's clock then is past its end.
  await world.stopAgent();
  await world.returnAgent();
  await page.clock.fastForward("00:45");
  await expect(page.getByLabel("Password")).toBeFocused();
  await signIn(page, world);
  await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
});
