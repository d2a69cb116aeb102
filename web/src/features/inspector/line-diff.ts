// The difference of two texts by line (Myers' greedy algorithm), folded where it is equal.

export type DiffLine =
  | { kind: "equal" | "added" | "removed"; text: string; number: number }
  | { kind: "fold"; count: number };

/** Lines of each side that are compared; more is not read by anybody. */
export const LINES_MAX = 4000;
/** Edits after which the texts count as wholly different. It bounds time and memory. */
const EDITS_MAX = 800;
/** Equal lines shown around a difference. */
const CONTEXT = 2;

type Step = { kind: "equal" | "added" | "removed"; text: string; number: number };

export function diffLines(before: string, after: string): DiffLine[] {
  const left = before.split("\n").slice(0, LINES_MAX);
  const right = after.split("\n").slice(0, LINES_MAX);
  return fold(steps(left, right));
}

function steps(left: string[], right: string[]): Step[] {
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (
    end < left.length - start &&
    end < right.length - start &&
    left[left.length - 1 - end] === right[right.length - 1 - end]
  )
    end += 1;
  const head = left.slice(0, start).map((text, index): Step => ({ kind: "equal", text, number: index + 1 }));
  const middle = myers(left.slice(start, left.length - end), right.slice(start, right.length - end), start);
  const tail = left
    .slice(left.length - end)
    .map((text, index): Step => ({ kind: "equal", text, number: left.length - end + index + 1 }));
  return [...head, ...middle, ...tail];
}

function myers(left: string[], right: string[], offset: number): Step[] {
  const trace: Map<number, number>[] = [];
  let frontier = new Map<number, number>([[1, 0]]);
  const most = Math.min(left.length + right.length, EDITS_MAX);
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(new Map(frontier));
    const next = new Map(frontier);
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (next.get(k - 1) ?? -1) < (next.get(k + 1) ?? -1));
      let x = down ? (next.get(k + 1) ?? 0) : (next.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < left.length && y < right.length && left[x] === right[y]) {
        x += 1;
        y += 1;
      }
      next.set(k, x);
      if (x >= left.length && y >= right.length) return walkBack(trace, left, right, offset, edits);
    }
    frontier = next;
  }
  return whole(left, right, offset);
}

function whole(left: string[], right: string[], offset: number): Step[] {
  const removed = left.map((text, index): Step => ({ kind: "removed", text, number: offset + index + 1 }));
  const added = right.map((text, index): Step => ({ kind: "added", text, number: offset + index + 1 }));
  return [...removed, ...added];
}

function walkBack(
  trace: Map<number, number>[],
  left: string[],
  right: string[],
  offset: number,
  edits: number,
): Step[] {
  const found: Step[] = [];
  let x = left.length;
  let y = right.length;
  for (let edit = edits; edit >= 0; edit -= 1) {
    const frontier = trace[edit] ?? new Map<number, number>();
    const k = x - y;
    const down = k === -edit || (k !== edit && (frontier.get(k - 1) ?? -1) < (frontier.get(k + 1) ?? -1));
    const fromK = down ? k + 1 : k - 1;
    const fromX = edit === 0 ? 0 : (frontier.get(fromK) ?? 0);
    const fromY = edit === 0 ? 0 : fromX - fromK;
    while (x > fromX && y > fromY) {
      found.push({ kind: "equal", text: left[x - 1] ?? "", number: offset + x });
      x -= 1;
      y -= 1;
    }
    if (edit === 0) break;
    if (down) found.push({ kind: "added", text: right[y - 1] ?? "", number: offset + y });
    else found.push({ kind: "removed", text: left[x - 1] ?? "", number: offset + x });
    x = fromX;
    y = fromY;
  }
  return found.reverse();
}

function fold(all: Step[]): DiffLine[] {
  const near = all.map((_, index) =>
    all.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some((step) => step.kind !== "equal"),
  );
  const lines: DiffLine[] = [];
  let hidden = 0;
  for (const [index, step] of all.entries()) {
    if (near[index]) {
      if (hidden > 0) lines.push({ kind: "fold", count: hidden });
      hidden = 0;
      lines.push(step);
    } else hidden += 1;
  }
  if (hidden > 0) lines.push({ kind: "fold", count: hidden });
  return lines;
}
