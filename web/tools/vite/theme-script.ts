// Emits `src/boot/theme.js` as a hashed classic script and links it first in the head, before any style is applied.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const SOURCE = "src/boot/theme.js";

export function themeScript(): Plugin {
  let building = false;
  const content = readFileSync(SOURCE, "utf8");
  const hash = createHash("sha256").update(content).digest("base64url").slice(0, 8);
  const fileName = `assets/theme-${hash}.js`;
  return {
    name: "octoporty-theme-script",
    configResolved(config) {
      building = config.command === "build";
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source: content });
    },
    transformIndexHtml() {
      const src = building ? `/${fileName}` : `/${SOURCE}`;
      return [{ tag: "script", attrs: { src }, injectTo: "head-prepend" }];
    },
  };
}
