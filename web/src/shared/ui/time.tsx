// Times: relative while they are young, exact in the tooltip and in the markup.
import { clock, clockMillis, exact, relative } from "../lib/format";
import { usePreferences } from "../lib/preferences";
import { useNow } from "../lib/use-now";
import { Tooltip } from "./tooltip";

interface TimeProps {
  at: string | null | undefined;
  className?: string;
}

export function RelativeTime({ at, className }: TimeProps) {
  const now = useNow(1000);
  usePreferences();
  if (!at) return <span className={className}>–</span>;
  return (
    <Tooltip text={exact(at)}>
      <time dateTime={at} className={className}>
        {relative(at, now)}
      </time>
    </Tooltip>
  );
}

export function ClockTime({ at, className, millis }: TimeProps & { millis?: boolean }) {
  usePreferences();
  if (!at) return <span className={className}>–</span>;
  return (
    <time dateTime={at} title={exact(at)} className={className}>
      {millis ? clockMillis(at) : clock(at)}
    </time>
  );
}
