// The dashboard as it was last built, in front of an Agent whose program holds an older one: OCTOPORTY_WEB_DIST=1. While one works on it.
import { resolve } from "node:path";
import { preview } from "vite";
import { freePort } from "./system";

export interface FreshFiles {
  port: number;
  close: () => Promise<void>;
}

export async function serveFreshFiles(agentPort: number): Promise<FreshFiles> {
  const port = await freePort();
  const server = await preview({
    root: resolve(import.meta.dirname, "../.."),
    logLevel: "error",
    // The Agent wants to see its own host, as it was asked for.
    preview: {
      host: "127.0.0.1",
      port,
      proxy: { "/api": { target: `http://127.0.0.1:${agentPort}`, changeOrigin: false } },
    },
  });
  return { port, close: () => server.close() };
}
