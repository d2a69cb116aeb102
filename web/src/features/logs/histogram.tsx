// The last hour by level, one bar a minute. A click jumps to its minute.
import type { LogHistogram } from "~/shared/api/types";
import { clockMinutes } from "~/shared/lib/format";

const HEIGHT_PX = 28;

export function Histogram({
  histogram,
  onJump,
}: {
  histogram: LogHistogram | undefined;
  onJump: (at: number) => void;
}) {
  const minutes = histogram?.minutes ?? [];
  const most = Math.max(1, ...minutes.map((each) => each.error + each.warn + each.info + each.debug));
  const height = (lines: number) => (lines === 0 ? 0 : Math.max(2, Math.round((lines / most) * HEIGHT_PX)));
  return (
    <ul
      aria-label="Lines by minute, last hour"
      className="flex h-[34px] shrink-0 items-end gap-0.5 border-b bg-surface px-gutter pt-1.5 max-md:gap-px"
    >
      {minutes.map((each) => {
        const label = `${clockMinutes(each.at)}: ${each.error} errors, ${each.warn} warnings, ${each.info + each.debug} others`;
        return (
          <li key={each.at} className="h-full flex-1">
            <button
              type="button"
              tabIndex={-1}
              title={label}
              aria-label={`Jump to ${label}`}
              className="flex h-full w-full flex-col justify-end"
              onClick={() => onJump(new Date(each.at).getTime())}
            >
              <i className="block bg-danger" style={{ height: height(each.error) }} />
              <i className="block bg-warning" style={{ height: height(each.warn) }} />
              <i className="block bg-strong" style={{ height: height(each.info + each.debug) }} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
