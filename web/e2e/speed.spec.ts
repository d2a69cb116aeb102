// How fast it is, as figures: `npm run measure`. Not part of the journeys, since a busy machine would decide.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fill } from "./support/places";
import { expect, openSignedIn, test } from "./support/test";

const LINES = 100_000;
const RUNS = 20;
const DAY_MS = 86_400_000;

test("first paint on loopback @measure", async ({ browser, world }) => {
  test.setTimeout(600_000);
  await fill(world);
  const paints: Record<string, number[]> = { dashboard: [], "a page of one line": [] };
  for (let run = 0; run < RUNS; run += 1) {
    for (const [name, path] of [
      ["dashboard", "/"],
      ["a page of one line", "/health"],
    ] as const) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await openSignedIn(page, world, path);
      if (path === "/") await expect(page.getByRole("row").filter({ hasText: "Web app" })).toBeVisible();
      paints[name]?.push(
        await page.evaluate(
          () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
        ),
      );
      await context.close();
    }
  }
  for (const [name, times] of Object.entries(paints)) {
    const sorted = times.map(Math.round).sort((a, b) => a - b);
    console.log(
      `first contentful paint, each with an empty cache, ${name}: median ${sorted[RUNS / 2]} ms of ${sorted.join(", ")}`,
    );
  }
});

test("scrolling through 100,000 lines of a log @measure", async ({ page, ownWorld: world }) => {
  test.setTimeout(300_000);
  writeOlderLines(world.folder);
  await openSignedIn(page, world, "/logs/agent");
  await expect(page.getByRole("row").first()).toBeVisible();
  await page.getByRole("button", { name: "Jump to time" }).click();
  await page.getByLabel("Show lines from").fill("2020-01-01T00:00");
  await page.getByRole("button", { name: "Jump", exact: true }).click();
  await expect(page.getByText(/^10\d,\d{3} lines in memory/)).toBeVisible({ timeout: 240_000 });
  const frames = await page.getByRole("region", { name: "Agent log" }).evaluate(scrollThrough);
  console.log(`frames while scrolling: ${JSON.stringify(frames)}`);
});

/** As many lines as the dashboard holds, written like those of the running Agent, in the file of the day before. */
function writeOlderLines(folder: string): void {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const today = readFileSync(join(folder, `agent-${day(Date.now()).replaceAll("-", "")}.log`), "utf8");
  const [line = ""] = today.split("\n");
  const rest = line.slice(line.indexOf(" "));
  const yesterday = Date.now() - DAY_MS;
  const start = new Date(`${day(yesterday)}T00:00:00Z`).getTime();
  const lines = Array.from({ length: LINES }, (_, index) => {
    const at = new Date(start + index * 500).toISOString().replace("Z", "000Z");
    return `${at}${rest} line=${index}`;
  });
  writeFileSync(join(folder, `agent-${day(yesterday).replaceAll("-", "")}.log`), `${lines.join("\n")}\n`);
}

/** Scrolls as a wheel does, a screen each few frames, then in leaps; tells how long frames and tasks took, in milliseconds. */
async function scrollThrough(box: Element): Promise<Record<string, number>> {
  const longTasks: number[] = [];
  new PerformanceObserver((list) =>
    longTasks.push(...list.getEntries().map((entry) => entry.duration)),
  ).observe({
    type: "longtask",
  });
  const frames: number[] = [];
  let last = performance.now();
  const step = (to: number) =>
    new Promise<void>((done) =>
      requestAnimationFrame((now) => {
        frames.push(now - last);
        last = now;
        box.scrollTop = to;
        done();
      }),
    );
  for (let frame = 0; frame < 300; frame += 1) await step(box.scrollTop + 120);
  for (let leap = 0; leap < 100; leap += 1) await step(((leap * 37) % 100) * (box.scrollHeight / 100));
  const sorted = frames.slice(1).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return {
    frames: sorted.length,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    longestMs: at(0.999),
    longTasks: longTasks.length,
    longestTaskMs: Math.round(Math.max(0, ...longTasks)),
  };
}
