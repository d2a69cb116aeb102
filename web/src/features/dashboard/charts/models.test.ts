import { expect, test } from "vitest";
import { mockPoint, mockStats } from "../../../../test/mock-server/traffic";
import { withPoint } from "../api";
import { chartModels } from "./models";
import { niceScale, splits } from "./scale";

const now = Date.UTC(2026, 3, 14, 12, 32, 40);

test("a minute without data is a gap: no value, in no series", () => {
  for (const model of chartModels(mockStats(now, "traffic"), true, now)) {
    for (const series of model.series) expect(series.values[10]).toBeNull();
  }
});

test("while the tunnel is down the big numbers are dashes", () => {
  expect(chartModels(mockStats(now, "down"), false, now).map((model) => model.value)).toEqual([
    "–",
    "–",
    "–",
    "–",
  ]);
});

test("no traffic is a line at zero, but failures and latency are unknown", () => {
  const [requests, failures, latency] = chartModels(mockStats(now, "none"), true, now);
  expect(requests?.value).toBe("0");
  expect(requests?.nothing).toBe("No requests in the last hour");
  expect([failures?.value, latency?.value]).toEqual(["–", "–"]);
});

test("the running minute counts by the seconds that have passed", () => {
  const stats = mockStats(now, "traffic");
  const point = { ...mockPoint(now - 40_000, 60), requests: 400 };
  const [requests] = chartModels(withPoint(stats, point), true, now);
  expect(requests?.series[0]?.values.at(-1)).toBeCloseTo(10);
});

test("a new minute moves the window and leaves minutes that were missed empty", () => {
  const stats = mockStats(now, "traffic");
  const later = withPoint(stats, mockPoint(now + 140_000, 62));
  expect(later.points).toHaveLength(61);
  expect(later.points.at(-1)).not.toBeNull();
  expect(later.points.at(-2)).toBeNull();
});

test.each([
  [56, 60],
  [7.6, 9],
  [412, 600],
  [0, 1],
  [0.8, 0.9],
])("an axis for %d ends at %d", (max, top) => {
  expect(niceScale(max).top).toBeCloseTo(top);
});

test("gridlines go below zero for what flows the other way", () => {
  expect(splits({ top: 9, step: 3 }, 2)).toEqual([-3, 0, 3, 6, 9]);
});
