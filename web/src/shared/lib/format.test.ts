import { describe, expect, test } from "vitest";
import {
  byteParts,
  bytes,
  countdown,
  decimal,
  duration,
  milliseconds,
  relative,
  share,
  visible,
} from "./format";

describe("numbers", () => {
  test("missing values are a dash, never zero", () => {
    expect([bytes(null), decimal(undefined), milliseconds(null), duration(null), share(0, 0)]).toEqual([
      "–",
      "–",
      "–",
      "–",
      "–",
    ]);
  });

  test.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [14_200, "14.2 kB"],
    [212_000, "212 kB"],
    [999_900, "1.0 MB"],
    [18_200_000_000, "18.2 GB"],
  ])("%d bytes are %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  test("the number and its unit can be had apart", () => {
    expect(byteParts(6_800_000)).toEqual(["6.8", "MB"]);
  });
});

describe("times", () => {
  test.each([
    [48, "48 s"],
    [61, "1 min 1 s"],
    [300, "5 min"],
    [7860, "2 h 11 min"],
    [72_000, "20 h"],
    [111_600, "1 d 7 h"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test("from ten seconds on a request is told in seconds", () => {
    expect([milliseconds(9999), milliseconds(10_000), milliseconds(2.14)]).toEqual([
      "9,999 ms",
      "10 s",
      "2.1 ms",
    ]);
  });

  test("a countdown rounds up, so that it ends at zero and not before", () => {
    expect([countdown(277), countdown(59.2), countdown(-3)]).toEqual(["4:37", "1:00", "0:00"]);
  });

  test("within a day times are relative, then dates", () => {
    const now = Date.UTC(2026, 3, 14, 12);
    expect(relative(now - 2000, now)).toBe("2 s ago");
    expect(relative(now - 11 * 60_000, now)).toBe("11 min ago");
    expect(relative(now - 30 * 3_600_000, now)).toMatch(/Apr/);
  });
});

// R50
test("control characters and direction marks are shown, not obeyed", () => {
  expect(visible("\u001b[31mred\u0007\u202e")).toBe("␛[31mred␇␦");
  expect(visible("two\nlines\tand a tab")).toBe("two\nlines\tand a tab");
});
