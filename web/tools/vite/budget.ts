// Fails the build when the script of the first screen outgrows its budget: what the entry and the dashboard page import.
import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

/** Bytes of gzipped script before the first screen stands: about one second on a slow phone link. */
const BUDGET_BYTES = 180_000;
const FIRST_PAGE = "app/dashboard-route";

export function budget(): Plugin {
  return {
    name: "octoporty-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((item) => item.type === "chunk");
      const first = chunks.filter((chunk) => chunk.isEntry || chunk.facadeModuleId?.includes(FIRST_PAGE));
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

function closure(start: Rolldown.OutputChunk[], bundle: Rolldown.OutputBundle): Rolldown.OutputChunk[] {
  const seen = new Map<string, Rolldown.OutputChunk>();
  const waiting = [...start];
  for (let chunk = waiting.pop(); chunk; chunk = waiting.pop()) {
    if (seen.has(chunk.fileName)) continue;
    seen.set(chunk.fileName, chunk);
    for (const name of chunk.imports) {
      const next = bundle[name];
      if (next?.type === "chunk") waiting.push(next);
    }
  }
  return [...seen.values()];
}
