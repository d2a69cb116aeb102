import { expect, test } from "vitest";
import { readableHtml } from "./readable";

test("a page in one line becomes lines, and keeps every other character", () => {
  const html = "<!doctype html><style>a{b:c}@media(x){d{e:f}}g{h:i}</style><p>One <b>two</b></p>";
  const readable = readableHtml(html);
  expect(readable.split("\n")).toEqual([
    "<!doctype html>",
    "<style>",
    "a{b:c}",
    "@media(x){d{e:f}}",
    "g{h:i}",
    "</style>",
    "<p>One <b>two</b></p>",
  ]);
  expect(readable.replaceAll("\n", "")).toBe(html);
});
