// The connections: how stable is it? The week first, then one row for each tunnel, with how it ended in words.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Cable, PlugZap, RefreshCw } from "lucide-react";
import { useEffect } from "react";
import { api, unwrap } from "~/shared/api/client";
import { asApiError } from "~/shared/api/error";
import { live } from "~/shared/api/live";
import type { Connection } from "~/shared/api/types";
import { cn } from "~/shared/lib/cn";
import { bytes, count, dayAndClock, duration, exact, withoutStop } from "~/shared/lib/format";
import { notify } from "~/shared/lib/notify";
import { useNow } from "~/shared/lib/use-now";
import { Badge } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Card } from "~/shared/ui/card";
import { CannotLoad, Empty } from "~/shared/ui/empty";
import { Page } from "~/shared/ui/page";
import { Segmented } from "~/shared/ui/segmented";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { connectionsQuery } from "./api";
import type { ConnectionsSearch } from "./search";
import { WeekBar } from "./week-bar";

function isRefused(row: Connection): boolean {
  return row.outcome === "refused" || row.outcome === "failed";
}

function isEnded(row: Connection): boolean {
  return row.outcome === "closed" || row.outcome === "lost";
}

/** A new tunnel, or the end of one, is a new row; other news of the status is not. */
function onTunnelChange(run: () => void): () => void {
  let before = "";
  return live.on("status", (status) => {
    const now = `${status.sessionId} ${status.lastDisconnected} ${status.reconnectAttempts}`;
    if (before && before !== now) run();
    before = now;
  });
}

export function ConnectionsPage() {
  const { show } = useSearch({ from: "/shell/connections" });
  const navigate = useNavigate({ from: "/connections" });
  const query = useInfiniteQuery(connectionsQuery);
  const { refetch } = query;
  useEffect(() => onTunnelChange(() => void refetch()), [refetch]);
  const all = query.data?.pages.flatMap((page) => page.connections) ?? [];
  const rows = all.filter((row) =>
    show === "refused" ? isRefused(row) : show === "ended" ? isEnded(row) : true,
  );
  return (
    <Page title="Connections" subtitle="Every tunnel this Agent had with the Gateway" actions={<Reconnect />}>
      <WeekBar />
      <div>
        <Segmented
          label="Show"
          value={show ?? "all"}
          choices={[
            { value: "all", label: "All", count: all.length },
            { value: "ended", label: "Ended", count: all.filter(isEnded).length },
            { value: "refused", label: "Refused", count: all.filter(isRefused).length },
          ]}
          onChange={(next) =>
            void navigate({
              search: (): ConnectionsSearch => ({ show: next === "all" ? undefined : next }),
              replace: true,
            })
          }
        />
      </div>
      <Card className="overflow-clip">
        {query.isPending ? (
          <SkeletonRows label="connections" />
        ) : query.isError ? (
          <CannotLoad
            className="pb-10"
            title="The connection log cannot be read"
            error={query.error}
            onRetry={() => void refetch()}
          />
        ) : rows.length === 0 ? (
          <Empty icon={Cable} title={show ? "No such connection" : "No connection yet"}>
            {show
              ? `None of the last ${all.length} connections was ${show}.`
              : "The Agent has not dialled the Gateway yet. The Agent log says why."}
          </Empty>
        ) : (
          <Table rows={rows} />
        )}
      </Card>
      {query.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show older connections
        </Button>
      )}
    </Page>
  );
}

function Reconnect() {
  const reconnect = useMutation({
    mutationFn: () => unwrap(api.POST("/api/v1/reconnect")),
    onSuccess: ({ message }) => notify.success({ title: "Reconnecting", detail: message }),
    onError: (error) =>
      notify.failure({ title: "The tunnel was not dialled again", detail: asApiError(error).message }),
  });
  return (
    <Button
      icon={RefreshCw}
      busy={reconnect.isPending}
      className="max-md:w-(--control-md) max-md:px-0"
      onClick={() => reconnect.mutate()}
    >
      <span className="max-md:sr-only">Reconnect</span>
    </Button>
  );
}

function Table({ rows }: { rows: readonly Connection[] }) {
  const now = useNow(10_000);
  return (
    <table className="table" data-stacked data-size="compact">
      <caption className="sr-only">Connections, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Opened</th>
          <th scope="col">Closed</th>
          <th scope="col">How it ended</th>
          <th scope="col">Code</th>
          <th scope="col" data-end>
            Held
          </th>
          <th scope="col" data-end>
            Requests
          </th>
          <th scope="col" data-end>
            Data
          </th>
          <th scope="col">Gateway</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.id} row={row} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row, now }: { row: Connection; now: number }) {
  const opened = row.connectedAt ?? row.attemptedAt;
  const held = row.outcome === "open" ? (now - new Date(opened).getTime()) / 1000 : row.durationSeconds;
  return (
    <tr>
      <td className="nums font-medium whitespace-nowrap" title={exact(opened)}>
        {dayAndClock(opened, now)}
      </td>
      <td
        className="nums whitespace-nowrap text-muted max-md:hidden"
        title={row.endedAt ? exact(row.endedAt) : undefined}
      >
        {row.endedAt && row.connectedAt ? dayAndClock(row.endedAt, now) : "–"}
      </td>
      <td className={cn("max-md:col-start-1", row.outcome === "closed" ? "" : "text-danger")}>
        {row.outcome === "open" ? (
          <Badge tone="success" icon={PlugZap}>
            Connected
          </Badge>
        ) : (
          withoutStop(row.reason ?? "No reason was given")
        )}
      </td>
      <td className="mono text-xs text-muted max-md:hidden">
        {row.outcome === "open" ? "open" : (row.code ?? "–")}
      </td>
      <td data-end className="max-md:[grid-area:1/2]">
        {isRefused(row) ? "–" : duration(held)}
      </td>
      <td data-end className="max-md:hidden">
        {count(row.requests)}
      </td>
      <td data-end className="max-md:hidden">
        {bytes(row.bytesIn + row.bytesOut)}
      </td>
      <td className="text-muted max-md:hidden">{row.gatewayVersion ? `v${row.gatewayVersion}` : "–"}</td>
    </tr>
  );
}
