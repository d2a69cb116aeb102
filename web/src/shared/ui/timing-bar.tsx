// Where the time of a request went, phase by phase. A phase that did not happen is "–", not zero. Same colours everywhere.
import { milliseconds } from "../lib/format";

export interface Phase {
  name: string;
  ms: number | null;
  color: string;
}

interface TimingBarProps {
  phases: readonly Phase[];
  /** The scale's end in milliseconds; two bars side by side share it. */
  scaleMs?: number;
}

export function TimingBar({ phases, scaleMs }: TimingBarProps) {
  const total = phases.reduce((sum, phase) => sum + (phase.ms ?? 0), 0);
  const scale = Math.max(scaleMs ?? total, total, 0.001);
  const starts = phases.map((_, index) =>
    phases.slice(0, index).reduce((sum, phase) => sum + (phase.ms ?? 0), 0),
  );
  const percent = (ms: number) => `${(ms / scale) * 100}%`;
  return (
    <div className="grid gap-1.5">
      <div
        className="flex h-3 gap-0.5 overflow-hidden rounded-[3px]"
        style={{ width: percent(total) }}
        aria-hidden
      >
        {phases.map(
          (phase) =>
            phase.ms !== null && (
              <i
                key={phase.name}
                className="min-w-0.5"
                style={{ background: phase.color, flex: `${Math.max(phase.ms, 0.01)} 1 0` }}
              />
            ),
        )}
      </div>
      <dl className="text-xs leading-5">
        {phases.map((phase, index) => (
          <div
            key={phase.name}
            className="grid grid-cols-[10px_140px_1fr_64px] items-center gap-2.5 max-md:grid-cols-[10px_minmax(0,138px)_1fr_56px] max-md:gap-2"
          >
            <i className="size-2 rounded-[2px]" style={{ background: phase.color }} aria-hidden />
            <dt className="truncate">{phase.name}</dt>
            <span className="relative h-1.5 rounded-[3px] bg-sunken" aria-hidden>
              {phase.ms !== null && (
                <i
                  className="absolute inset-y-0 min-w-0.5 rounded-[3px]"
                  style={{
                    background: phase.color,
                    left: percent(starts[index] ?? 0),
                    width: percent(phase.ms),
                  }}
                />
              )}
            </span>
            <dd className="nums text-right">{milliseconds(phase.ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
