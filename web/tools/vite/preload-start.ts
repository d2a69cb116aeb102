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
        const needed = closure(start, bundle);
        const styles = new Set(needed.flatMap((chunk) => [...(chunk.viteMetadata?.importedCss ?? [])]));
        const link = (file: string, attrs: Record<string, string>) => ({
          tag: "link",
          attrs: { ...attrs, crossorigin: true, href: `/${file}` },
          injectTo: "head" as const,
        });
        const isNew = (file: string) => !html.includes(file);
        return [
          ...[...styles].filter(isNew).map((file) => link(file, { rel: "preload", as: "style" })),
          ...needed
            .map((chunk) => chunk.fileName)
            .filter(isNew)
            .map((file) => link(file, { rel: "modulepreload" })),
        ];
      },
    },
  };
}
