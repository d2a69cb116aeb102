import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { curlCommand, shellQuote } from "./curl";

test.each(["it's", "$HOME `id` $(id)", 'a "b" c', "back\\slash", "new\nline", "!bang", ""])(
  "a shell gives back %j unchanged",
  (text) => {
    expect(execFileSync("sh", ["-c", `printf %s ${shellQuote(text)}`]).toString()).toBe(text);
  },
);

test("what curl sets itself and what the Gateway adds is left out", () => {
  const headers = [
    ["host", "app.example.com"],
    ["x-forwarded-for", "192.0.2.1"],
    ["content-length", "3"],
    ["accept", "text/html"],
  ];
  expect(curlCommand({ method: "GET", url: "https://app.example.com/?a=1&b=2", headers })).toBe(
    "curl 'https://app.example.com/?a=1&b=2' -H 'accept: text/html'",
  );
});

test("other methods are named", () => {
  expect(curlCommand({ method: "POST", url: "https://a.example", headers: [] })).toBe(
    "curl -X POST https://a.example",
  );
  expect(curlCommand({ method: "HEAD", url: "https://a.example", headers: [] })).toBe(
    "curl --head https://a.example",
  );
});
