// The week as a bar: how much of each two hours there was a tunnel.
import { useQuery } from "@tanstack/react-query";
import { day, dayAndClock, duration, plural } from "~/shared/lib/format";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { Skeleton } from "~/shared/ui/skeleton";
import { Tooltip } from "~/shared/ui/tooltip";
import { HISTORY_DAYS, historyQuery } from "./api";
import { type Cell, type Week, weekOf } from "./week";

/** A loss longer than this is red, a shorter one amber, in milliseconds. */
const LONG_MS = 5 * 60_000;

export function WeekBar() {
  const history = useQuery(historyQuery).data;
  const week = history && weekOf(history);
  return (
    <Card>
      <CardHead title={`Last ${HISTORY_DAYS} days`} note={week ? sentence(week) : undefined} />
      <CardBody>
        {week ? (
          <>
            <div
              role="img"
              aria-label={`The tunnel over the last ${HISTORY_DAYS} days: ${sentence(week)}.`}
              className="flex h-[30px] gap-[3px] max-md:gap-px"
            >
              {week.cells.map((cell) => (
                <Tooltip key={cell.from} text={told(cell)}>
                  <i className="flex-1 rounded-[2px]" style={{ background: fill(cell) }} />
                </Tooltip>
              ))}
            </div>
            <Days cells={week.cells} />
          </>
        ) : (
          <Skeleton className="h-[52px]" />
        )}
      </CardBody>
    </Card>
  );
}

/** Beyond this share of the bar a day's name would not fit; the days before it say enough. */
const NAMED_UNTIL = 0.95;

/** Each day's name under its first cell. */
function Days({ cells }: { cells: readonly Cell[] }) {
  const today = day(Date.now());
  const days = cells.flatMap((cell, index) => {
    const name = day(cell.from);
    const before = cells[index - 1];
    const place = index / cells.length;
    if (!before || day(before.from) === name || place > NAMED_UNTIL) return [];
    return [{ name: name === today ? "Today" : name, left: `${place * 100}%` }];
  });
  return (
    <div className="nums relative mt-1.5 h-4 text-xs text-subtle" aria-hidden>
      {days.map(({ name, left }, index) => (
        <span
          key={name}
          className={`absolute top-0 whitespace-nowrap ${(days.length - 1 - index) % 2 ? "max-md:hidden" : ""}`}
          style={{ left }}
        >
          {name}
        </span>
      ))}
    </div>
  );
}

function sentence(week: Week): string {
  if (week.up === null) return "nothing known yet";
  const percent = week.up === 1 ? "100" : (Math.floor(week.up * 10_000) / 100).toFixed(2);
  if (week.breaks === 0) return `${percent} % up, no break`;
  return `${percent} % up, ${plural(week.breaks, "break")}, ${duration(week.downMs / 1000)} down in all`;
}

function told(cell: Cell): string {
  const when = `${dayAndClock(cell.from).slice(0, -3)}, 2 h`;
  if (cell.upMs + cell.downMs === 0) return `${when}: the Agent did not run`;
  if (cell.downMs === 0) return `${when}: up`;
  return `${when}: down ${duration(cell.downMs / 1000)}. ${[...new Set(cell.causes)].join("; ")}`;
}

function fill(cell: Cell): string {
  if (cell.upMs + cell.downMs === 0) return "var(--surface-hover)";
  const green = "color-mix(in oklab, var(--success) 82%, var(--surface))";
  if (cell.downMs === 0) return green;
  const bad = cell.downMs > LONG_MS ? "var(--danger)" : "var(--warning)";
  // A loss of seconds must still be seen in a cell of two hours.
  const top = Math.max(28, Math.round((cell.downMs / (cell.upMs + cell.downMs)) * 100));
  return `linear-gradient(to top, ${green} ${100 - top}%, ${bad} ${100 - top}%)`;
}
