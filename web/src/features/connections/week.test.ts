import { expect, test } from "vitest";
import { mockHistory } from "../../../test/mock-server/traffic";
import { weekOf } from "./week";

test("time when the Agent did not run counts neither as up nor as down", () => {
  const week = weekOf(mockHistory(Date.UTC(2026, 3, 14)));
  expect(week.cells[0]).toMatchObject({ upMs: 0, downMs: 0 });
  expect(week.breaks).toBe(3);
  expect(week.up).toBeGreaterThan(0.98);
  expect(week.up).toBeLessThan(1);
});

test("a cell says why the tunnel was away", () => {
  const cell = weekOf(mockHistory(Date.UTC(2026, 3, 14))).cells.find((each) => each.downMs > 20 * 60_000);
  expect(cell?.causes).toContain("Network lost, no close frame");
});
