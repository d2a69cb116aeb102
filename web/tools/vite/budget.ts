// Fails the build when the script of the first screen outgrows its budget, what the program and the dashboard page import,
// or when the entry does, which runs before the first paint.
import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import { closure } from "./closure";

/** Bytes of gzipped script before the first screen stands: about one second on a slow phone link. */
const BUDGET_BYTES = 180_000;
const FIRST = ["app/start", "app/dashboard-route"];
/** The same of the entry: it asks for the program, and imports nothing of it. */
const ENTRY_BYTES = 2_000;

export function budget(): Plugin {
  return {
    name: "octoporty-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((item) => item.type === "chunk");
      const entries = chunks.filter((chunk) => chunk.isEntry);
      const first = chunks.filter((chunk) => FIRST.some((name) => chunk.facadeModuleId?.includes(name)));
      const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
      const check = (what: string, start: Rolldown.OutputChunk[], allowed: number) => {
        const sizes = closure(start, bundle).map((chunk) => ({
          name: chunk.fileName,
          bytes: gzipSync(chunk.code, { level: 9 }).byteLength,
        }));
        const total = sizes.reduce((sum, size) => sum + size.bytes, 0);
        this.info(`${what}: ${kilobytes(total)} of ${kilobytes(allowed)} gzipped script`);
        if (total <= allowed) return;
        const list = sizes.map((size) => `${size.name} ${kilobytes(size.bytes)}`).join(", ");
        this.error(`${what} needs ${kilobytes(total)} of script, ${kilobytes(allowed)} are allowed: ${list}`);
      };
      check("the entry", entries, ENTRY_BYTES);
      check("the first screen", [...entries, ...first], BUDGET_BYTES);
    },
  };
}
