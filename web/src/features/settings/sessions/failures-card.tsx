// Failed sign-ins: how many, from where, who is locked now.
import { useQuery } from "@tanstack/react-query";
import type { SignInFailure } from "~/shared/api/types";
import { duration, plural } from "~/shared/lib/format";
import { useNow } from "~/shared/lib/use-now";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { Skeleton } from "~/shared/ui/skeleton";
import { RelativeTime } from "~/shared/ui/time";
import { signInFailuresQuery } from "./api";

const DAY_MS = 86_400_000;

/** Addresses whose lock has not run out, with the seconds left. */
function lockedNow(failures: readonly SignInFailure[], now: number): { address: string; left: number }[] {
  const left = new Map<string, number>();
  for (const failure of failures) {
    const seconds = failure.lockedSeconds - (now - new Date(failure.at).getTime()) / 1000;
    if (seconds > (left.get(failure.address) ?? 0)) left.set(failure.address, seconds);
  }
  return [...left].map(([address, seconds]) => ({ address, left: seconds }));
}

export function FailuresCard() {
  const { data } = useQuery(signInFailuresQuery);
  const now = useNow(1000);
  return (
    <Card>
      <CardHead title="Failed sign-ins" />
      <CardBody>
        {data ? <Facts failures={data.failures} now={now} /> : <Skeleton className="h-16" />}
      </CardBody>
    </Card>
  );
}

function Facts({ failures, now }: { failures: readonly SignInFailure[]; now: number }) {
  const today = failures.filter((failure) => now - new Date(failure.at).getTime() < DAY_MS);
  const addresses = new Set(today.map((failure) => failure.address)).size;
  const locked = lockedNow(failures, now);
  const [last] = failures;
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-5 gap-y-1.5 [&_dt]:text-subtle">
      <dt>Last 24 h</dt>
      <dd className="nums">
        {today.length === 0 ? "none" : `${today.length}, from ${plural(addresses, "address", "addresses")}`}
      </dd>
      <dt>Locked now</dt>
      <dd className="nums">
        {locked.length === 0
          ? "nobody"
          : locked.map((each) => (
              <span key={each.address} className="block">
                <span className="mono">{each.address}</span>, {duration(each.left)} left
              </span>
            ))}
      </dd>
      <dt>Last failure</dt>
      <dd>
        {last ? (
          <>
            <RelativeTime at={last.at} /> from <span className="mono">{last.address}</span>
          </>
        ) : (
          "none"
        )}
      </dd>
    </dl>
  );
}
