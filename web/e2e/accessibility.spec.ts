// Every page and dialog is clean by axe, in both themes, and none scrolls sideways from 360 px to 4K.
import { COLOUR_RULES, violations } from "./support/axe";
import { fill, PLACES } from "./support/places";
import { expect, openSignedIn, test } from "./support/test";
import { World } from "./support/world";

/** A small phone, a phone, a desktop at 200 % zoom, a rail of icons, a desktop, 4K. */
const WIDTHS = [360, 390, 720, 1024, 1440, 3840];

// The previews' frames may run no script.
test.use({ expectedErrors: /Blocked script execution|404|401/ });

let world: World;
test.beforeAll(async () => {
  world = await World.start({ caddy: true });
  await fill(world);
});
test.afterAll(() => world.close());

for (const { name, path, act, shows, axeOff } of PLACES) {
  test(`${name}: no violation, and no sideways scrolling`, async ({ page }) => {
    await page.emulateMedia({ reducedMotion: "reduce" });
    await openSignedIn(page, world, path);
    await act?.(page);
    await expect(shows(page)).toBeVisible();
    expect(await violations(page, axeOff), "light").toEqual([]);
    // The themes differ in colours alone.
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await violations(page, axeOff, COLOUR_RULES), "dark").toEqual([]);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width > 1000 ? 900 : 800 });
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(beyond, `pixels beyond the window at ${width} px`).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await violations(page, axeOff), "on a phone").toEqual([]);
  });
}

test("sign-in: no violation", async ({ page }) => {
  await page.goto(world.url);
  await expect(page.getByLabel("Password")).toBeFocused();
  expect(await violations(page)).toEqual([]);
});

test("with reduced motion nothing moves", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openSignedIn(page, world, "/mappings");
  await expect(page.getByRole("row").first()).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  const moving = await page.evaluate(
    () => document.getAnimations().filter((each) => each.playState === "running").length,
  );
  expect(moving).toBe(0);
});
