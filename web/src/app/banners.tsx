// One banner at a time: live updates lost, since then nothing else is known; then the gravest of tunnel down, storage, update. They push
// the content, never cover it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { HardDrive, RefreshCw, Unplug, WifiOff } from "lucide-react";
import { useState } from "react";
import { reconnectMutation } from "~/features/dashboard/api";
import { UpdateBanner } from "~/features/update/update-banner";
import { asApiError } from "~/shared/api/error";
import { live } from "~/shared/api/live";
import { statusQuery } from "~/shared/api/queries";
import type { Status } from "~/shared/api/types";
import { isUp } from "~/shared/lib/connection";
import { clock, duration } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { useStore } from "~/shared/lib/store";
import { useNow } from "~/shared/lib/use-now";
import { Banner } from "~/shared/ui/banner";
import { Button } from "~/shared/ui/button";

/** A break shorter than this is not worth a banner, in milliseconds. */
const GRACE_MS = 3000;

export function Banners() {
  const { data: status } = useQuery(statusQuery);
  const stream = useStore(live.state);
  const now = useNow(1000);
  // An Agent that stops says last that its tunnel is gone; it does not dial again, whatever its last status was.
  if (stream.phase === "lost" && now - stream.since > GRACE_MS)
    return (
      <LiveLost
        since={stream.since}
        retryAt={stream.retryAt}
        now={now}
        wasDown={status !== undefined && !isUp(status)}
      />
    );
  if (!status) return null;
  if (!isUp(status)) return <TunnelDown status={status} now={now} />;
  if (status.unsaved.length > 0) return <StorageProblem problems={status.unsaved} />;
  return <UpdateBanner />;
}

function TunnelDown({ status, now }: { status: Status; now: number }) {
  const reconnect = useMutation({
    ...reconnectMutation,
    onError: (error) =>
      notify.failure({ title: "The Agent did not dial", detail: asApiError(error).message }),
  });
  const seconds = status.nextAttemptAt ? (new Date(status.nextAttemptAt).getTime() - now) / 1000 : 0;
  const next = seconds > 0.5 ? `next in ${duration(seconds)}` : "it is dialling now";
  // Read out once when it appears; the countdown beside it is not.
  return (
    <Banner
      tone="danger"
      icon={Unplug}
      title="The tunnel is down."
      action={
        <Button size="sm" icon={RefreshCw} busy={reconnect.isPending} onClick={() => reconnect.mutate()}>
          Try now
        </Button>
      }
    >
      Visitors get 503 until it is back. The Agent dials again by itself, <span aria-hidden>{next}</span>.
    </Banner>
  );
}

interface LiveLostProps {
  since: number;
  retryAt: number;
  now: number;
  /** The last that was heard. */
  wasDown: boolean;
}

function LiveLost({ since, retryAt, now, wasDown }: LiveLostProps) {
  const [asked, setAsked] = useState(0);
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <Banner
      tone="warning"
      icon={WifiOff}
      title="Live updates stopped."
      action={
        <Button
          size="sm"
          icon={RefreshCw}
          busy={now - asked < 1500}
          onClick={() => {
            setAsked(Date.now());
            live.retry();
          }}
        >
          Try now
        </Button>
      }
    >
      What you see is from {clock(since)}
      {wasDown && ", when the tunnel was down"}. <span aria-hidden>Trying again in {seconds} s.</span>
    </Banner>
  );
}

function StorageProblem({ problems }: { problems: readonly string[] }) {
  return (
    <Banner tone="danger" icon={HardDrive} title="The Agent cannot store data.">
      {problems.join(" ")} Tunnelling goes on; what is not saved is lost at a restart.
    </Banner>
  );
}
