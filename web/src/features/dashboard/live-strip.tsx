// The path strip with live data: what is connected, since when, what broke last and why, and the way to reconnect.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "~/shared/api/error";
import { hourQuery, statusQuery } from "~/shared/api/queries";
import type { Status } from "~/shared/api/types";
import { connectionWord, gatewayName, isUp } from "~/shared/lib/connection";
import { failureWords } from "~/shared/lib/failure-words";
import { clock, dayAndClock, duration, milliseconds, plural, withoutStop } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { useNow } from "~/shared/lib/use-now";
import { Button } from "~/shared/ui/button";
import { PathStrip } from "~/shared/ui/path-strip";
import { Skeleton } from "~/shared/ui/skeleton";
import { reconnectMutation } from "./api";
import { chartModels } from "./charts/models";

export function LiveStrip() {
  const { data: status } = useQuery(statusQuery);
  const now = useNow(1000);
  const rate = useRate(status, now);
  if (!status) return <Skeleton className="m-5 h-[86px]" />;
  const { total, enabled } = status.mappings;
  const { look } = connectionWord(status);
  return (
    <div className="path-box">
      <PathStrip
        visitors={{ title: "Visitors", note: visitorsNote(status, rate) }}
        gateway={{ title: gatewayName(status), note: gatewayNote(status) }}
        tunnel={{ look, label: tunnelLabel(status) }}
        agent={{
          title: `${status.agentName || status.agentHost}, this Agent`,
          note: `v${status.version} · up ${duration(status.uptimeSeconds)}`,
        }}
        services={{
          title: total === 0 ? "No mapping" : plural(total, "mapping"),
          note: total === 0 ? "nothing is public" : `${enabled} on, ${total - enabled} off`,
        }}
      />
      <Foot status={status} now={now} />
    </div>
  );
}

function useRate(status: Status | undefined, now: number): string | null {
  const { data: stats } = useQuery({ ...hourQuery, enabled: !!status });
  if (!stats || !status) return null;
  const value = chartModels(stats, isUp(status), now)[0]?.value;
  return value && value !== "–" ? value : null;
}

function visitorsNote(status: Status, rate: string | null): string {
  if (!isUp(status)) return "get 503";
  if (status.mappings.total === 0) return "none yet";
  return rate === null ? "–" : `${rate} req/s now`;
}

function gatewayNote(status: Status): string {
  if (!isUp(status))
    return status.lastDisconnected ? `last seen ${clock(status.lastDisconnected)}` : "not reached yet";
  const parts = [
    status.gatewayVersion && `v${status.gatewayVersion}`,
    status.gatewayUptime != null && `up ${duration(status.gatewayUptime)}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

function tunnelLabel(status: Status): string {
  const { look, word } = connectionWord(status);
  if (look === "cut") return "no tunnel";
  if (look === "busy") return word.toLowerCase();
  return status.roundTripMs == null ? "connected" : `${milliseconds(status.roundTripMs)} round trip`;
}

function Foot({ status, now }: { status: Status; now: number }) {
  return (
    <div className="path-foot border-t border-faint text-muted">
      {isUp(status) ? <UpFacts status={status} now={now} /> : <DownFacts status={status} now={now} />}
    </div>
  );
}

function Fact({ children }: { children: ReactNode }) {
  return <span className="nums min-w-0 break-words [&_b]:font-medium [&_b]:text-ink">{children}</span>;
}

function UpFacts({ status, now }: { status: Status; now: number }) {
  const reconnect = useMutation({
    ...reconnectMutation,
    onSuccess: ({ message }) => notify.success({ title: "Reconnecting", detail: message }),
    onError: (error) =>
      notify.failure({ title: "The tunnel was not dialled again", detail: asApiError(error).message }),
  });
  const { lastLoss } = status;
  const held = status.connectedSince
    ? duration((now - new Date(status.connectedSince).getTime()) / 1000)
    : null;
  return (
    <>
      {status.mappings.total === 0 ? (
        <Fact>
          <b>The tunnel is up.</b> Nothing is public until you make a mapping.
        </Fact>
      ) : (
        held && (
          <Fact>
            Connected for <b>{held}</b>
          </Fact>
        )
      )}
      {lastLoss && (
        <Fact>
          Last loss <b>{dayAndClock(lastLoss.at, now).replace("Today ", "")}</b>
          {lastLoss.durationSeconds != null && (
            <>
              , for <b>{duration(lastLoss.durationSeconds)}</b>
            </>
          )}
          : {withoutStop(lastLoss.cause)}{" "}
          {lastLoss.code && <span className="text-subtle">({lastLoss.code})</span>}
        </Fact>
      )}
      <Button
        variant="ghost"
        size="sm"
        icon={RefreshCw}
        className="path-action"
        busy={reconnect.isPending}
        onClick={() => reconnect.mutate()}
      >
        Reconnect
      </Button>
    </>
  );
}

function DownFacts({ status, now }: { status: Status; now: number }) {
  const since = status.lastLoss?.at ?? status.lastDisconnected;
  const next = status.nextAttemptAt ? (new Date(status.nextAttemptAt).getTime() - now) / 1000 : 0;
  return (
    <>
      <Fact>
        <b>
          {since
            ? `Disconnected for ${duration((now - new Date(since).getTime()) / 1000)}.`
            : "Not connected yet."}
        </b>
      </Fact>
      {status.lastError && <Fact>Last error: {failureWords(status.lastError)}</Fact>}
      <Fact>
        Attempt <b>{status.reconnectAttempts}</b>
        {next > 0.5 ? (
          <>
            , next in <b>{duration(next)}</b>
          </>
        ) : (
          ", dialling now"
        )}
      </Fact>
      <Link to="/connections" className="path-action px-2.5">
        Connection log
      </Link>
    </>
  );
}
