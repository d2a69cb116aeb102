import { describe, expect, test } from "vitest";
import { mockMapping, SEEDS } from "../../../../test/mock-server/mappings";
import {
  changedCount,
  domainProblem,
  EMPTY_VALUES,
  inputOf,
  mappingSchema,
  nameFrom,
  parseService,
  testOf,
  tidyDomain,
  valuesOf,
} from "./schema";

describe("the public name", () => {
  test.each([
    ["https://App.Example.com/path?x", "app.example.com"],
    ["app.example.com:443", "app.example.com"],
    ["app.example.com.", "app.example.com"],
  ])("%s is meant as %s", (typed, meant) => {
    expect(tidyDomain(typed)).toBe(meant);
  });

  test("spaces are answered with what was probably meant", () => {
    expect(domainProblem("photos example.com")).toBe(
      "A domain name has no spaces. Did you mean photos.example.com?",
    );
  });

  test.each([
    "",
    "localhost",
    "bad_host.example.com",
    "-a.example.com",
    "203.0.113.7",
    `${"a".repeat(64)}.example.com`,
  ])("%j is refused", (name) => {
    expect(domainProblem(name)).not.toBeNull();
  });

  test.each(["app.example.com", "*.example.com", "bücher.example.com", "a-b.c.d.example"])(
    "%j is taken",
    (name) => {
      expect(domainProblem(name)).toBeNull();
    },
  );
});

describe("the service in one line", () => {
  test.each([
    ["10.0.4.12:3000", { internalProtocol: "Http", internalHost: "10.0.4.12", internalPort: "3000" }],
    ["https://nas:8443/", { internalProtocol: "Https", internalHost: "nas", internalPort: "8443" }],
    ["http://nas", { internalProtocol: "Http", internalHost: "nas", internalPort: "80" }],
    ["[::1]:80", { internalProtocol: "Http", internalHost: "::1", internalPort: "80" }],
  ])("%s", (text, service) => {
    expect(parseService(text)).toEqual(service);
  });

  test("without a port it is not complete", () => {
    expect(parseService("10.0.4.12")).toBeNull();
  });
});

describe("values", () => {
  test("a stored mapping goes through the form unchanged", () => {
    for (const seed of SEEDS) {
      const mapping = mockMapping(seed, Date.now());
      const input = inputOf(valuesOf(mapping));
      expect(mapping).toMatchObject(input);
    }
  });

  test("a certificate is trusted for HTTPS only", () => {
    const values = { ...EMPTY_VALUES, pinnedCertificate: "ab", internalProtocol: "Http" as const };
    expect(inputOf(values).pinnedCertificate).toBeNull();
  });

  test("an empty timeout means the default", () => {
    expect(inputOf({ ...EMPTY_VALUES, headSeconds: "120" }).timeouts).toEqual({
      connectSeconds: null,
      headSeconds: 120,
      bodyIdleSeconds: null,
      upgradeIdleSeconds: null,
    });
  });

  test("folded settings are counted when they differ", () => {
    expect(changedCount(EMPTY_VALUES)).toBe(0);
    expect(
      changedCount({
        ...EMPTY_VALUES,
        headSeconds: "120",
        requestHeaders: { set: [{ name: "X-A", value: "1" }], remove: [] },
      }),
    ).toBe(2);
  });

  test("a header cannot carry a line break", () => {
    const values = {
      ...EMPTY_VALUES,
      name: "A",
      externalDomain: "a.example.com",
      internalHost: "h",
      internalPort: "1",
    };
    expect(mappingSchema.safeParse(values).success).toBe(true);
    const broken = {
      ...values,
      requestHeaders: { set: [{ name: "X-A", value: "1\r\nX-B: 2" }], remove: [] },
    };
    expect(mappingSchema.safeParse(broken).success).toBe(false);
  });

  test("the test waits for host and port", () => {
    expect(testOf({ ...EMPTY_VALUES, internalHost: "10.0.4.15" })).toBeNull();
    expect(testOf({ ...EMPTY_VALUES, internalHost: "10.0.4.15", internalPort: "70000" })).toBeNull();
    expect(testOf({ ...EMPTY_VALUES, internalHost: "10.0.4.15", internalPort: "3001" })).toMatchObject({
      internalPort: 3001,
    });
  });

  test("a name is made of the domain", () => {
    expect(nameFrom("https://status.example.com")).toBe("Status");
  });
});
