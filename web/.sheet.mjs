import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [out, cols, w, ...files] = process.argv.slice(2);
const b = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"],
});
const p = await (await b.newContext({ viewport: { width: cols * (+w + 8), height: 600 } })).newPage();
writeFileSync(
  "/tmp/cmp/s.html",
  `<style>body{margin:0;display:grid;grid-template-columns:repeat(${cols},${w}px);gap:8px;background:#888;align-items:start}img{width:100%;display:block;max-height:${process.env.MAXH ?? "9999px"};object-fit:cover;object-position:top}</style>` +
    files.map((f) => `<img src="file://${f}">`).join(""),
);
await p.goto("file:///tmp/cmp/s.html", { waitUntil: "load" });
await p.screenshot({ path: out, fullPage: true });
await b.close();
