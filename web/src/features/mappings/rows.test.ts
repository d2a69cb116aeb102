import { expect, test } from "vitest";
import { mockMapping, mockMappingStats, SEEDS } from "../../../test/mock-server/mappings";
import { visibleRows } from "./rows";

const mappings = SEEDS.map((seed) => mockMapping(seed, Date.now()));
const stats = mockMappingStats();
const names = (search: Parameters<typeof visibleRows>[2]) =>
  visibleRows(mappings, stats, search).map((row) => row.mapping.name);

test("the busiest come first, what is off comes last", () => {
  expect(names({})[0]).toBe("Web app");
  expect(names({}).slice(-2)).toEqual(["Docs preview", "Old wiki"]);
});

test("names, domains and hosts are searched, all words have to match", () => {
  expect(names({ q: "10.0.4.12" })).toEqual(["Web app", "API", "Webhooks, staging"]);
  expect(names({ q: "10.0.4.12 hooks" })).toEqual(["Webhooks, staging"]);
});

test("the filter and the order work together", () => {
  expect(names({ state: "off", sort: "name" })).toEqual(["Docs preview", "Old wiki"]);
});
