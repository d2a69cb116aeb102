// Caddy's configuration as the Gateway reads it: folded, searchable, read-only. Which routes are ours, and whose.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  ChevronDown,
  ChevronUp,
  Copy,
  Download,
  FoldVertical,
  RefreshCw,
  UnfoldVertical,
} from "lucide-react";
import { useMemo, useState } from "react";
import { api, unwrap } from "~/shared/api/client";
import { ApiError } from "~/shared/api/error";
import { mappingsQuery } from "~/shared/api/queries";
import { copyText } from "~/shared/lib/copy";
import { downloadText } from "~/shared/lib/download";
import { count, plural } from "~/shared/lib/format";
import { Button, buttonStyle } from "~/shared/ui/button";
import { CannotLoad } from "~/shared/ui/empty";
import { IconButton } from "~/shared/ui/icon-button";
import { SearchInput } from "~/shared/ui/input";
import { Mark } from "~/shared/ui/mark";
import { Page } from "~/shared/ui/page";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { ClockTime } from "~/shared/ui/time";
import { CaddyTree } from "./caddy-tree";
import {
  ancestors,
  foldablePaths,
  foldedAtFirst,
  jsonLines,
  type Path,
  routeId,
  searchPaths,
} from "./json-lines";

const caddyQuery = queryOptions({
  queryKey: ["caddy-config"],
  queryFn: async ({ signal }) => {
    const answer = await unwrap(api.GET("/api/v1/gateway/caddy-config", { signal }));
    if (!answer.available)
      throw new ApiError(0, {
        code: "caddy-unavailable",
        message: answer.message ?? "The Gateway did not say why.",
      });
    return answer;
  },
});

/** Deeper than this is folded at first: the routes show, one line each. */
const OPEN_DEPTH = 6;

export function CaddyPage() {
  const query = useQuery(caddyQuery);
  const config: unknown = query.data?.config;
  const text = useMemo(() => (config === undefined ? "" : JSON.stringify(config, null, 2)), [config]);
  return (
    <Page
      title="Caddy configuration"
      fill
      actions={
        <>
          <Button
            icon={Copy}
            disabled={!text}
            className="max-md:hidden"
            onClick={() => copyText(text, "The configuration")}
          >
            Copy
          </Button>
          <Button
            icon={Download}
            disabled={!text}
            className="max-md:hidden"
            onClick={() => downloadText("caddy.json", text)}
          >
            Download
          </Button>
        </>
      }
    >
      {query.isPending ? (
        <SkeletonRows label="Caddy’s configuration" rows={16} className="flex-1 bg-surface" />
      ) : query.isError ? (
        <CannotLoad
          className="flex-1 content-center"
          title="Caddy’s configuration cannot be read"
          error={query.error}
          onRetry={() => void query.refetch()}
          actions={
            <Link to="/logs/gateway" className={buttonStyle({ variant: "ghost" })}>
              Show Gateway log
            </Link>
          }
        />
      ) : (
        <Configuration
          key={query.data.readAt}
          config={config}
          readAt={query.data.readAt}
          refreshing={query.isFetching}
          onRefresh={() => void query.refetch()}
        />
      )}
    </Page>
  );
}

interface ConfigurationProps {
  config: unknown;
  readAt: string;
  refreshing: boolean;
  onRefresh: () => void;
}

function Configuration({ config, readAt, refreshing, onRefresh }: ConfigurationProps) {
  const mappings = useQuery(mappingsQuery).data?.mappings ?? [];
  const [folded, setFolded] = useState<ReadonlySet<Path>>(() => new Set(foldedAtFirst(config, OPEN_DEPTH)));
  const [needle, setNeedle] = useState("");
  const [hit, setHit] = useState(0);
  const [tinted, setTinted] = useState(true);
  const hits = useMemo(() => searchPaths(config, needle), [config, needle]);
  const current = hits[hit] ?? null;
  const open = useMemo(() => {
    const above = new Set(current === null ? [] : ancestors(current));
    return new Set([...folded].filter((path) => !above.has(path)));
  }, [folded, current]);
  const lines = useMemo(() => jsonLines(config, open), [config, open]);
  const ours = useMemo(() => countRoutes(config), [config]);
  const step = (by: number) => {
    if (hits.length === 0) return;
    if (current !== null) setFolded(open);
    setHit((hit + by + hits.length) % hits.length);
  };
  const search = (text: string) => {
    setNeedle(text);
    setHit(0);
  };
  const toggle = (path: Path) => {
    const next = new Set(open);
    if (!next.delete(path)) next.add(path);
    setFolded(next);
    if (current !== null) setHit(-1);
  };
  const nameOf = (route: string) =>
    mappings.find((mapping) => `octoporty-${mapping.id.replaceAll("-", "")}` === route)?.name ?? null;
  const allFolded = folded.size > 0;
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 border-b bg-page px-gutter py-2.5">
        <SearchInput
          label="Search keys and values"
          value={needle}
          onChange={search}
          onEnter={(backwards) => step(backwards ? -1 : 1)}
          note={hits.length ? `${count(Math.max(0, hit) + 1)} of ${count(hits.length)}` : "none"}
          className="w-[260px] max-md:w-full"
        />
        <IconButton
          icon={ChevronUp}
          label="Match before"
          disabled={hits.length === 0}
          onClick={() => step(-1)}
        />
        <IconButton
          icon={ChevronDown}
          label="Match after"
          disabled={hits.length === 0}
          onClick={() => step(1)}
        />
        <button
          type="button"
          aria-pressed={tinted}
          onClick={() => setTinted(!tinted)}
          className={`inline-flex h-control items-center gap-1.5 rounded-md border px-2.5 font-medium ${tinted ? "border-accent bg-accent-subtle text-accent" : "border-strong bg-surface text-muted"}`}
        >
          <Mark size={15} />
          Our routes <span className="nums font-regular">{count(ours)}</span>
        </button>
        <div className="ml-auto flex items-center gap-2 text-xs text-subtle">
          <Button
            variant="ghost"
            icon={allFolded ? UnfoldVertical : FoldVertical}
            onClick={() => setFolded(new Set(allFolded ? [] : foldablePaths(config, 1)))}
          >
            <span className="max-md:sr-only">{allFolded ? "Unfold all" : "Fold all"}</span>
          </Button>
          <span className="nums max-md:hidden">
            Read at <ClockTime at={readAt} />
          </span>
          <IconButton icon={RefreshCw} label="Read again" busy={refreshing} onClick={onRefresh} />
        </div>
      </div>
      <p role="status" className="sr-only">
        {needle && plural(hits.length, "match", "matches")}
      </p>
      <CaddyTree
        lines={lines}
        needle={needle}
        currentPath={current}
        nameOf={nameOf}
        tinted={tinted}
        onToggle={toggle}
      />
    </>
  );
}

function countRoutes(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = routeId(value) ? 1 : 0;
  return Object.values(value).reduce((sum: number, item: unknown) => sum + countRoutes(item), own);
}
