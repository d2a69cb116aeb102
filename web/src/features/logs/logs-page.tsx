// A log: live at the bottom, paused by scrolling up or Space, filtered by the address, one line in full beside it.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download, FileSearch, Pause, Play } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { live } from "~/shared/api/live";
import type { LogHistogram, LogLine, LogSource } from "~/shared/api/types";
import { downloadText } from "~/shared/lib/download";
import { clock, plural } from "~/shared/lib/format";
import { useShortcut } from "~/shared/lib/shortcuts";
import { useStore } from "~/shared/lib/store";
import { useDebounced } from "~/shared/lib/use-debounced";
import { Dot } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { CannotLoad, Empty } from "~/shared/ui/empty";
import { SearchInput } from "~/shared/ui/input";
import { Kbd } from "~/shared/ui/kbd";
import { Page } from "~/shared/ui/page";
import { Segmented } from "~/shared/ui/segmented";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { histogramQuery } from "./api";
import { Histogram } from "./histogram";
import { JumpToTime } from "./jump-to-time";
import { plainLine } from "./lines";
import { LogDetail } from "./log-detail";
import { LogList, type LogListHandle } from "./log-list";
import { LEVELS, type LevelFilter, type LogsSearch } from "./search";
import { useLogLines } from "./use-log-lines";

export function GatewayLogPage() {
  const search = useSearch({ from: "/shell/logs/gateway" });
  return <LogPage key="gateway" source="gateway" title="Gateway log" search={search} />;
}

export function AgentLogPage() {
  const search = useSearch({ from: "/shell/logs/agent" });
  return <LogPage key="agent" source="agent" title="Agent log" search={search} />;
}

interface LogPageProps {
  source: LogSource;
  title: string;
  search: LogsSearch;
}

/** The filter is asked of the Agent once typing rests, in milliseconds. */
const STILL_MS = 250;

function LogPage({ source, title, search }: LogPageProps) {
  const navigate = useNavigate();
  const [stoppedAt, setStoppedAt] = useState<{ id: number; at: number } | null>(null);
  const [selected, setSelected] = useState<LogLine | null>(null);
  const [jumping, setJumping] = useState(false);
  const handle = useRef<LogListHandle | null>(null);
  const level = search.level ?? "debug";
  const q = useDebounced(search.q ?? "", STILL_MS);
  const filters = useMemo(() => ({ level, q }), [level, q]);
  const following = stoppedAt === null;
  const log = useLogLines(source, filters, following);
  const { lines } = log;
  const histogram = useQuery(histogramQuery(source)).data;
  const change = (next: Partial<LogsSearch>) =>
    void navigate({
      to: source === "gateway" ? "/logs/gateway" : "/logs/agent",
      search: { ...search, ...next },
      replace: true,
    });
  const follow = (on: boolean) => {
    setStoppedAt(on ? null : { id: lines.at(-1)?.id ?? 0, at: Date.now() });
    if (on) handle.current?.toEnd();
  };
  const jump = async (at: number) => {
    if (following) follow(false);
    setJumping(true);
    const index = await log.loadUntil(at);
    setJumping(false);
    requestAnimationFrame(() => handle.current?.scrollTo(index));
  };
  const select = (line: LogLine) => {
    if (following) follow(false);
    setSelected(line);
  };
  const move = (by: number) => {
    const now = lines.findIndex((line) => line.id === selected?.id);
    const index = now < 0 ? lines.length - 1 : Math.min(lines.length - 1, Math.max(0, now + by));
    const next = lines[index];
    if (!next) return;
    if (following) follow(false);
    setSelected(next);
    handle.current?.scrollTo(Math.max(0, index - 5));
  };
  useShortcut("Space", () => follow(!following));
  useShortcut("shift+g", () => follow(true));
  useShortcut("j", () => move(1));
  useShortcut("k", () => move(-1));
  useShortcut("Escape", () => setSelected(null), selected !== null);
  const fresh = stoppedAt ? freshCount(lines, stoppedAt.id) : 0;
  return (
    <Page
      title={title}
      fill
      actions={
        <Button
          icon={Download}
          className="max-md:hidden"
          disabled={lines.length === 0}
          onClick={() =>
            downloadText(
              `octoporty-${source}-${clock(Date.now()).replaceAll(":", "")}.log`,
              `${lines.map(plainLine).join("\n")}\n`,
              "text/plain",
            )
          }
        >
          Download
        </Button>
      }
    >
      <Toolbar
        search={search}
        histogram={histogram}
        following={following}
        jumping={jumping}
        onChange={change}
        onFollow={follow}
        onJump={jump}
      />
      <Histogram histogram={histogram} onJump={jump} />
      <div className="relative flex min-h-0 flex-1">
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {log.status === "loading" ? (
            <SkeletonRows label={title} rows={16} className="flex-1 overflow-hidden bg-surface" />
          ) : log.status === "failed" ? (
            <CannotLoad
              className="flex-1 content-center bg-surface"
              title={`The ${title} cannot be read`}
              error={log.error}
              onRetry={log.retry}
            />
          ) : lines.length === 0 ? (
            <Empty
              icon={FileSearch}
              className="flex-1 content-center bg-surface"
              title="No line fits"
              actions={
                <Button onClick={() => change({ q: undefined, level: undefined })}>Show all lines</Button>
              }
            >
              Searched messages, sources and fields of level {level} and above. New lines that fit show up
              here by themselves.
            </Empty>
          ) : (
            <LogList
              label={title}
              lines={lines}
              prepended={log.prepended}
              following={following}
              fresh={fresh}
              selectedId={selected?.id ?? null}
              handle={handle}
              onSelect={select}
              onFollow={follow}
              onOlder={log.loadOlder}
            />
          )}
          <Foot stoppedAt={stoppedAt?.at ?? null} lines={lines.length} hasMore={log.hasMore} />
        </div>
        {selected && (
          <LogDetail
            line={selected}
            onMove={move}
            onFilter={(text) => change({ q: text })}
            onClose={() => setSelected(null)}
          />
        )}
      </div>
    </Page>
  );
}

/** Lines after `id`; ids rise, so the search goes from the end. */
function freshCount(lines: readonly LogLine[], id: number): number {
  const index = lines.findLastIndex((line) => line.id <= id);
  return lines.length - 1 - index;
}

const LEVEL_WORDS: Record<LevelFilter, string> = {
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
};

function levelCounts(histogram: LogHistogram | undefined): Record<LevelFilter, number | null> {
  if (!histogram) return { debug: null, info: null, warn: null, error: null };
  const sum = (name: LevelFilter) => histogram.minutes.reduce((total, minute) => total + minute[name], 0);
  const error = sum("error");
  const warn = error + sum("warn");
  const info = warn + sum("info");
  return { error, warn, info, debug: info + sum("debug") };
}

interface ToolbarProps {
  search: LogsSearch;
  histogram: LogHistogram | undefined;
  following: boolean;
  jumping: boolean;
  onChange: (next: Partial<LogsSearch>) => void;
  onFollow: (on: boolean) => void;
  onJump: (at: number) => void;
}

function Toolbar({ search, histogram, following, jumping, onChange, onFollow, onJump }: ToolbarProps) {
  const counts = levelCounts(histogram);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b bg-page px-gutter py-2.5 max-md:flex-col max-md:flex-nowrap max-md:items-stretch">
      <SearchInput
        label="Search text or field=value"
        value={search.q ?? ""}
        onChange={(q) => onChange({ q: q || undefined })}
        className="w-[260px] max-md:w-full"
      />
      <div className="flex flex-1 items-center gap-2 max-md:-mx-(--gutter) max-md:overflow-x-auto max-md:px-(--gutter) max-md:[scrollbar-width:none]">
        <Segmented
          label="Least level; counts of the last hour"
          value={search.level ?? "debug"}
          choices={LEVELS.map((value) => ({ value, label: LEVEL_WORDS[value], count: counts[value] }))}
          onChange={(level) => onChange({ level: level === "debug" ? undefined : level })}
        />
        <JumpToTime busy={jumping} onJump={onJump} />
        <Button
          variant={following ? "secondary" : "primary"}
          icon={following ? Pause : Play}
          className="ml-auto"
          onClick={() => onFollow(!following)}
        >
          {following ? "Pause" : "Resume"}
        </Button>
      </div>
    </div>
  );
}

function Foot({ stoppedAt, lines, hasMore }: { stoppedAt: number | null; lines: number; hasMore: boolean }) {
  const stream = useStore(live.state);
  const connected = stream.phase === "open";
  return (
    <div className="nums flex h-[34px] shrink-0 items-center gap-3.5 overflow-hidden border-t bg-page px-4 text-xs whitespace-nowrap text-muted">
      <span className="flex items-center gap-2" role="status">
        <Dot
          tone={!connected ? "danger" : stoppedAt ? "warning" : "success"}
          pulse={connected && !stoppedAt}
        />
        {!connected ? "Not live" : stoppedAt ? `Paused at ${clock(stoppedAt)}` : "Live"}
      </span>
      <span className="max-md:hidden">{plural(lines, "line")} in memory</span>
      {hasMore && <span className="md:hidden">older lines load as you scroll up</span>}
      <span className="ml-auto flex items-center gap-2 max-md:hidden">
        <Kbd keys={["Space"]} /> {stoppedAt ? "resumes" : "pauses"}
      </span>
    </div>
  );
}
