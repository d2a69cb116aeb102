// The journeys' `test`: a world for each worker or each test, a page that is signed in, and no error on the console.
import { test as base, expect, type Page } from "@playwright/test";
import { World, type WorldOptions } from "./world";

interface WorkerFixtures {
  /** Shared by the tests of a worker: each brings what it needs and takes nothing away from the others. */
  world: World;
}

interface TestFixtures {
  worldOptions: WorldOptions;
  /** One test's own, for what others could not bear. */
  ownWorld: World;
  /** Console errors that a test expects, such as an answer of 401. */
  expectedErrors: RegExp;
  watched: undefined;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads the pattern
    async ({}, use) => {
      const world = await World.start();
      await use(world);
      await world.close();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  worldOptions: [{}, { option: true }],
  ownWorld: async ({ worldOptions }, use) => {
    const world = await World.start(worldOptions);
    await use(world);
    await world.close();
  },
  expectedErrors: [/^$/, { option: true }],
  watched: [
    async ({ context, expectedErrors }, use) => {
      const seen: string[] = [];
      context.on("weberror", (error) => seen.push(error.error().message));
      context.on("console", (message) => {
        if (message.type() === "error") seen.push(`${message.text()} (${message.location().url})`);
      });
      await use(undefined);
      const unexpected = seen.filter((text) => !expectedErrors.test(text));
      expect(unexpected, "errors on the console").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Opens a page of the dashboard with a session that a sign-in made. */
export async function openSignedIn(page: Page, world: World, path = "/"): Promise<void> {
  const answer = await page.request.post(`${world.url}/api/v1/auth/login`, {
    data: { password: world.password },
  });
  expect(answer.ok(), "signed in").toBe(true);
  await page.goto(world.url + path);
}

/** Signs in as a person does. */
export async function signIn(page: Page, world: World): Promise<void> {
  await page.getByLabel("Password").fill(world.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** The toast with this title. */
export function toast(page: Page, title: string | RegExp) {
  return page.getByRole("listitem").filter({ hasText: title });
}
