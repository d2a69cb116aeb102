// Cuts the tunnel's history into the cells of the week's bar.
import type { StatusHistory } from "~/shared/api/types";

/** Cells of the bar: two hours each over a week. */
const CELLS = 84;

export interface Cell {
  from: number;
  to: number;
  upMs: number;
  downMs: number;
  causes: string[];
}

export interface Week {
  cells: Cell[];
  /** Share of the known time with a tunnel, 0 to 1; null when nothing is known. */
  up: number | null;
  breaks: number;
  downMs: number;
}

export function weekOf(history: StatusHistory): Week {
  const start = new Date(history.from).getTime();
  const end = new Date(history.to).getTime();
  const size = (end - start) / CELLS;
  const spans = history.spans.map((span) => ({
    ...span,
    start: new Date(span.from).getTime(),
    end: new Date(span.to).getTime(),
  }));
  const cells = Array.from({ length: CELLS }, (_, index): Cell => {
    const from = start + index * size;
    const cell: Cell = { from, to: from + size, upMs: 0, downMs: 0, causes: [] };
    for (const span of spans) {
      const shared = Math.min(span.end, cell.to) - Math.max(span.start, cell.from);
      if (shared <= 0) continue;
      if (span.state === "up") cell.upMs += shared;
      if (span.state === "down") {
        cell.downMs += shared;
        if (span.cause) cell.causes.push(span.cause);
      }
    }
    return cell;
  });
  const upMs = cells.reduce((sum, cell) => sum + cell.upMs, 0);
  const downMs = cells.reduce((sum, cell) => sum + cell.downMs, 0);
  return {
    cells,
    up: upMs + downMs > 0 ? upMs / (upMs + downMs) : null,
    breaks: spans.filter((span) => span.state === "down").length,
    downMs,
  };
}
