// Lets the browser fetch the program while it paints the page's mark: the entry asks for it a frame later.
import type { Plugin } from "vite";
import { closure } from "./closure";

const START = "app/start";

export function preloadStart(): Plugin {
  return {
    name: "octoporty-preload-start",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        if (!bundle) return [];
        const chunks = Object.values(bundle).filter((item) => item.type === "chunk");
        const start = chunks.filter((chunk) => chunk.facadeModuleId?.includes(START));
        const files = closure(start, bundle).map((chunk) => chunk.fileName);
        return files
          .filter((file) => !html.includes(file))
          .map((file) => ({
            tag: "link",
            attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` },
            injectTo: "head" as const,
          }));
      },
    },
  };
}
