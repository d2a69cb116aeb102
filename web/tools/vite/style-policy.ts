// The page's policy is `style-src 'self'`: libraries that write `<style>` elements at run time are brought in line here.
import { fileURLToPath } from "node:url";
import type { Alias, Plugin } from "vite";

/** The scroll lock of Radix dialogs writes a style element; ours adopts a constructed sheet, which the policy allows. */
export const stylePolicyAliases: Alias[] = [
  {
    find: /^react-style-singleton$/,
    replacement: fileURLToPath(new URL("../../src/shared/lib/style-singleton.ts", import.meta.url)),
  },
];

/** sonner injects its stylesheet when it is loaded; `src/styles/index.css` imports the same sheet as a file. */
export function sonnerWithoutInjection(): Plugin {
  return {
    name: "octoporty-sonner-without-injection",
    enforce: "pre",
    transform(code, id) {
      if (!id.includes("/sonner/dist/index.mjs")) return null;
      return { code: code.replace(/^__insertCSS\(.*\);$/m, ""), map: null };
    },
  };
}
