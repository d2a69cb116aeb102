// Fails the build when the script of the first screen outgrows its budget: what the program and the dashboard page import.
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { closure } from "./closure";

/** Bytes of gzipped script before the first screen stands: about one second on a slow phone link. */
const BUDGET_BYTES = 180_000;
const FIRST = ["app/start", "app/dashboard-route"];

export function budget(): Plugin {
  return {
    name: "octoporty-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((item) => item.type === "chunk");
      const first = chunks.filter(
        (chunk) => chunk.isEntry || FIRST.some((name) => chunk.facadeModuleId?.includes(name)),
      );
      const sizes = closure(first, bundle).map((chunk) => ({
        name: chunk.fileName,
        bytes: gzipSync(chunk.code, { level: 9 }).byteLength,
      }));
      const total = sizes.reduce((sum, size) => sum + size.bytes, 0);
      const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
      this.info(`first screen: ${kilobytes(total)} of ${kilobytes(BUDGET_BYTES)} gzipped script`);
      if (total <= BUDGET_BYTES) return;
      const list = sizes.map((size) => `${size.name} ${kilobytes(size.bytes)}`).join(", ");
      this.error(
        `the first screen needs ${kilobytes(total)} of script, ${kilobytes(BUDGET_BYTES)} are allowed: ${list}`,
      );
    },
  };
}
