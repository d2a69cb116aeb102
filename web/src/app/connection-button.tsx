// The connection in the side bar: state, round trip, since when; a click opens the path strip.
import { useQuery } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import { LiveStrip } from "~/features/dashboard/live-strip";
import { statusQuery } from "~/shared/api/queries";
import type { Status } from "~/shared/api/types";
import { connectionWord, isUp } from "~/shared/lib/connection";
import { duration, milliseconds } from "~/shared/lib/format";
import { useNow } from "~/shared/lib/use-now";
import { Dot } from "~/shared/ui/badge";

export function ConnectionButton() {
  const { data: status } = useQuery(statusQuery);
  if (!status) return <div className="h-[52px]" />;
  const { word, tone } = connectionWord(status);
  return (
    <Popover.Root>
      <Popover.Trigger className="flex w-full items-center gap-2.5 rounded-sm p-2 text-left hover:bg-hover max-lg:justify-center max-lg:px-0">
        <span className="grid size-4 place-items-center">
          <Dot tone={tone} pulse={tone === "success"} />
        </span>
        <span className="grid min-w-0 max-lg:sr-only">
          <b className="font-medium">{word}</b>
          <small className="nums truncate text-xs text-subtle">
            <ConnectionNote status={status} />
          </small>
        </span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          side="right"
          align="end"
          sideOffset={14}
          collisionPadding={12}
          aria-label="The tunnel"
          className="layer-pop z-popover w-[380px] max-w-[calc(100vw-24px)] rounded-lg border bg-surface shadow-md outline-none"
        >
          <LiveStrip />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

export function ConnectionNote({ status }: { status: Status }) {
  const now = useNow(1000);
  if (!isUp(status)) {
    if (!status.nextAttemptAt) return "dialling now";
    const seconds = (new Date(status.nextAttemptAt).getTime() - now) / 1000;
    return seconds > 0.5 ? `dialling again in ${duration(seconds)}` : "dialling now";
  }
  const since = status.connectedSince
    ? duration((now - new Date(status.connectedSince).getTime()) / 1000)
    : null;
  return [status.roundTripMs == null ? null : milliseconds(status.roundTripMs), since]
    .filter(Boolean)
    .join(" · ");
}
