// The request log: newest on top, live, filtered by the address, with the detail beside the list.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Download, List, SearchX } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { live } from "~/shared/api/live";
import { hourQuery } from "~/shared/api/queries";
import type { RequestEntry } from "~/shared/api/types";
import { downloadText } from "~/shared/lib/download";
import { count, share } from "~/shared/lib/format";
import { useShortcut } from "~/shared/lib/shortcuts";
import { useStore } from "~/shared/lib/store";
import { Dot } from "~/shared/ui/badge";
import { Button, buttonStyle } from "~/shared/ui/button";
import { CannotLoad, Empty } from "~/shared/ui/empty";
import { Page } from "~/shared/ui/page";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { requestsQuery } from "./api";
import { filtersOf, isFiltered } from "./filters";
import { RequestDetail } from "./request-detail";
import { RequestFilterBar } from "./request-filters";
import { RequestList } from "./request-list";
import type { RequestsSearch } from "./search";
import { useLiveRequests } from "./use-live-requests";

export function RequestsPage() {
  const search = useSearch({ from: "/shell/requests" });
  const navigate = useNavigate({ from: "/requests" });
  const key = JSON.stringify(filtersOf(search));
  // The same filters must stay the same object, or the live rows would start anew on each render.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds every filter
  const filters = useMemo(() => filtersOf(search), [key]);
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const query = useInfiniteQuery(requestsQuery(filters));
  const arrived = useLiveRequests(filters, paused || away);
  const rows = useMemo(
    () => joined(arrived.shown, query.data?.pages.flatMap((page) => page.requests) ?? []),
    [arrived.shown, query.data],
  );
  const change = (next: Partial<RequestsSearch>) =>
    void navigate({ search: (now) => ({ ...now, ...next }), replace: true });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const older = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const move = (by: number) => {
    const now = rows.findIndex((row) => row.id === search.id);
    const next = rows[now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + by))];
    if (next) change({ id: next.id });
  };
  const togglePause = () => {
    if (paused) arrived.release();
    setPaused(!paused);
  };
  useShortcut("j", () => move(1));
  useShortcut("k", () => move(-1));
  useShortcut("Space", togglePause);
  useShortcut("Escape", () => change({ id: undefined }), search.id !== undefined);
  return (
    <Page
      title="Requests"
      fill
      actions={
        <Button
          icon={Download}
          className="max-md:hidden"
          disabled={rows.length === 0}
          onClick={() => exportRows(rows)}
        >
          Export
        </Button>
      }
    >
      <RequestFilterBar filters={filters} paused={paused} onChange={change} onPause={togglePause} />
      <div className="relative flex min-h-0 flex-1">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {query.isPending ? (
            <SkeletonRows label="requests" rows={14} className="flex-1 bg-surface" />
          ) : query.isError ? (
            <CannotLoad
              className="flex-1 content-center bg-surface"
              title="The request log cannot be read"
              error={query.error}
              onRetry={() => void query.refetch()}
            />
          ) : rows.length === 0 ? (
            <Nothing filtered={isFiltered(filters)} onClear={() => void navigate({ search: {} })} />
          ) : (
            <RequestList
              rows={rows}
              selectedId={search.id}
              narrow={search.id !== undefined}
              waiting={arrived.waiting}
              onSelect={(id) => change({ id })}
              onScrolled={setAway}
              onRelease={arrived.release}
              onOlder={older}
            />
          )}
          <Foot paused={paused} away={away} loaded={rows.length} more={hasNextPage} />
        </div>
        {search.id && (
          <RequestDetail id={search.id} onMove={move} onClose={() => change({ id: undefined })} />
        )}
      </div>
    </Page>
  );
}

function joined(live: readonly RequestEntry[], stored: readonly RequestEntry[]): RequestEntry[] {
  const known = new Set(live.map((row) => row.id));
  return [...live, ...stored.filter((row) => !known.has(row.id))];
}

function exportRows(rows: readonly RequestEntry[]): void {
  downloadText(
    `octoporty-requests-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.json`,
    JSON.stringify(rows, null, 2),
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return (
    <div className="grid flex-1 content-center bg-surface">
      {filtered ? (
        <Empty
          icon={SearchX}
          title="No request fits these filters"
          actions={<Button onClick={onClear}>Remove all filters</Button>}
        >
          The log was searched from its oldest entry on. New requests that fit show up here by themselves.
        </Empty>
      ) : (
        <Empty
          icon={List}
          title="No request yet"
          actions={
            <Link to="/mappings" className={buttonStyle({ variant: "primary" })}>
              Go to the mappings
            </Link>
          }
        >
          Every request through the tunnel is listed here with its timing, as it happens. Open one of your
          public addresses to see the first.
        </Empty>
      )}
    </div>
  );
}

function Foot({
  paused,
  away,
  loaded,
  more,
}: {
  paused: boolean;
  away: boolean;
  loaded: number;
  more: boolean;
}) {
  const stream = useStore(live.state);
  const hour = useQuery(hourQuery).data;
  const points = hour?.points.filter((point) => point !== null) ?? [];
  const requests = points.reduce((sum, point) => sum + point.requests, 0);
  const failed = points.reduce(
    (sum, point) => sum + point.failures.service + point.failures.tunnel + point.failures.gateway,
    0,
  );
  const connected = stream.phase === "open";
  const state = !connected ? "Not live" : paused ? "Paused" : away ? "Live, waiting" : "Live";
  return (
    <div className="nums flex h-[34px] shrink-0 items-center gap-3.5 overflow-hidden border-t bg-page px-4 text-xs whitespace-nowrap text-muted">
      <span className="flex items-center gap-2">
        <Dot
          tone={!connected ? "danger" : paused || away ? "warning" : "success"}
          pulse={connected && !paused && !away}
        />
        {state}
      </span>
      {hour && <span>{count(requests)} requests in the last hour</span>}
      {hour && requests > 0 && <span className="max-md:hidden">{share(failed, requests)} % failed</span>}
      <span className="ml-auto max-md:hidden">
        {count(loaded)} loaded{more ? ", older ones as you scroll" : ""}
      </span>
    </div>
  );
}
