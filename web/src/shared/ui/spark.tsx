// A line without axes for a cell; the number stands beside it, so it is hidden from assistive technology.
const WIDTH = 72;
const HEIGHT = 22;

interface SparkProps {
  /** Counts of equal stretches of time, the last of which has not ended. */
  counts: readonly number[];
  className?: string;
}

/** The stretch that runs is not drawn: it would end each line with a fall that is none. */
export function Spark({ counts, className }: SparkProps) {
  const values = counts.slice(0, -1);
  if (values.length < 2 || values.every((value) => value === 0)) return null;
  const top = Math.max(...values, 1);
  const step = WIDTH / (values.length - 1);
  const y = (value: number) => HEIGHT - 2 - (value / top) * (HEIGHT - 4);
  const path = values
    .map((value, index) => `${index ? "L" : "M"}${(index * step).toFixed(1)} ${y(value).toFixed(1)}`)
    .join("");
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={className ?? "h-[22px] w-[72px]"}
      aria-hidden
    >
      <path
        d={path}
        fill="none"
        stroke="var(--chart-1)"
        strokeWidth={1.5}
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
