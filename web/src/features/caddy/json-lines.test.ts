import { expect, test } from "vitest";
import { ancestors, foldablePaths, jsonLines, searchPaths } from "./json-lines";

const ROUTE = "octoporty-5e1f0c7a93d84b26a0d7c1f4e8b26a91";
const config = {
  apps: { http: { routes: [{ "@id": ROUTE, terminal: true }, { match: [] }] } },
  admin: { listen: "0.0.0.0:2019" },
};
const shown = (folded: ReadonlySet<string>) =>
  jsonLines(config, folded).map(
    (line) =>
      `${"  ".repeat(line.depth)}${line.key === null ? "" : `"${line.key}": `}${line.text}${line.comma ? "," : ""}`,
  );

test("unfolded it is the JSON itself", () => {
  const text = shown(new Set()).join("\n");
  expect(JSON.parse(text)).toEqual(config);
  expect(text).toBe(JSON.stringify(config, null, 2));
});

test("a folded value takes one line, and says what it holds", () => {
  const lines = jsonLines(config, new Set(["/apps"]));
  const apps = lines.find((line) => line.key === "apps");
  expect(apps?.short?.map((token) => token.text).join("")).toMatch(/^\{ "http": \{ "routes": /);
  expect(lines.some((line) => line.key === "http")).toBe(false);
});

test("lines of our routes know their route, others do not", () => {
  const lines = jsonLines(config, new Set());
  expect(lines.find((line) => line.key === "terminal")?.route).toBe(ROUTE);
  expect(lines.find((line) => line.key === "match")?.route).toBeNull();
});

test("search finds keys and values, and can be unfolded to", () => {
  expect(searchPaths(config, "octoporty")).toEqual(["/apps/http/routes/0/@id"]);
  expect(searchPaths(config, "LISTEN")).toEqual(["/admin/listen"]);
  expect(ancestors("/apps/http")).toEqual(["", "/apps"]);
});

test("only what has something inside can be folded", () => {
  expect(foldablePaths(config, 3)).toEqual([
    "/apps/http/routes",
    "/apps/http/routes/0",
    "/apps/http/routes/1",
  ]);
});
