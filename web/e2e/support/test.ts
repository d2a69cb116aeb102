// The journeys' `test`: a world for each worker or each test, a page that is signed in, and no error on the console.
import { test as base, type ConsoleMessage, expect, type Page, type WebError } from "@playwright/test";
import { World, type WorldOptions } from "./world";

interface WorkerFixtures {
  /** Shared by the tests of a worker: each brings what it needs and takes nothing away from the others. */
  world: World;
}

interface Watched {
  /** What comes from now on is no longer the test's doing: its programs are about to end. */
  end(): void;
}

interface TestFixtures {
  worldOptions: WorldOptions;
  /** One test's own, for what others could not bear. */
  ownWorld: World;
  /** Console errors that a test expects, such as an answer of 401. */
  expectedErrors: RegExp;
  watched: Watched;
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
  ownWorld: async ({ worldOptions, watched }, use) => {
    const world = await World.start(worldOptions);
    await use(world);
    watched.end();
    await world.close();
  },
  expectedErrors: [/^$/, { option: true }],
  watched: [
    async ({ context, expectedErrors }, use) => {
      const seen: string[] = [];
      const onError = (error: WebError) => seen.push(error.error().message);
      const onConsole = (message: ConsoleMessage) => {
        if (message.type() === "error") seen.push(`${message.text()} (${message.location().url})`);
      };
      context.on("weberror", onError).on("console", onConsole);
      await use({ end: () => context.off("weberror", onError).off("console", onConsole) });
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
