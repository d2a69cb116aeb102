// WCAG 2.2 AA as far as a program can tell, on what is shown now.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What depends on the colours alone. */
export const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

interface WithAxe {
  axe?: { run: (root: Document, options: object) => Promise<AxeResults> };
}

/** The violations, one a line; empty is clean. `off` names rules that do not fit, such as `region` while a menu is open. */
export async function violations(
  page: Page,
  off: readonly string[] = [],
  rules: readonly string[] = RULES,
): Promise<string[]> {
  // The page's policy refuses inline script, so axe goes in through the debugger.
  const known = await page.evaluate(() => "axe" in globalThis);
  if (!known) await page.evaluate(SOURCE);
  const found = await page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as WithAxe;
    const result = await axe?.run(document, { runOnly: rules });
    if (!result) throw new Error("axe is not there");
    return result.violations.map(({ id, nodes }) => ({
      id,
      where: nodes.slice(0, 3).map((node) => node.html.slice(0, 160)),
    }));
  }, rules);
  return found.filter(({ id }) => !off.includes(id)).map(({ id, where }) => `${id}: ${where.join(" | ")}`);
}
