// The rows of the request log. Only those near the window are drawn.

import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { ArrowUp } from "lucide-react";
import { type UIEvent, useEffect, useRef } from "react";
import type { RequestEntry } from "~/shared/api/types";
import { cn } from "~/shared/lib/cn";
import { bytes, clock, clockMillis, milliseconds, plural, visible } from "~/shared/lib/format";
import { SMALL, useMedia } from "~/shared/lib/use-media";
import { StatusCode } from "~/shared/ui/badge";
import { Button } from "~/shared/ui/button";
import { Scroller } from "~/shared/ui/scroller";

const ROW_PX = 32;
const ROW_SMALL_PX = 63;
/** Rows from the end at which older ones are asked for. */
const OLDER_AT = 40;

interface RequestListProps {
  rows: readonly RequestEntry[];
  selectedId: string | undefined;
  /** With the detail beside it, the list shows fewer columns. */
  narrow: boolean;
  waiting: number;
  onSelect: (id: string) => void;
  onScrolled: (away: boolean) => void;
  onRelease: () => void;
  onOlder: () => void;
}

export function RequestList({
  rows,
  selectedId,
  narrow,
  waiting,
  onSelect,
  onScrolled,
  onRelease,
  onOlder,
}: RequestListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const small = useMedia(SMALL);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (small ? ROW_SMALL_PX : ROW_PX),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 16,
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const nearEnd = rows.length > 0 && last >= rows.length - OLDER_AT;
  useEffect(() => {
    if (nearEnd) onOlder();
  }, [nearEnd, onOlder]);
  useScrollToChosen(rows, selectedId, virtualizer);
  return (
    <div className="relative flex min-h-0 min-w-0 flex-1 flex-col bg-surface">
      <Scroller
        ref={scroller}
        label="Requests"
        className="min-h-0 flex-1 overflow-auto focus-visible:-outline-offset-2"
        onScroll={(event: UIEvent<HTMLElement>) => onScrolled(event.currentTarget.scrollTop > 4)}
      >
        <div
          role="table"
          aria-label="Requests, newest first"
          aria-rowcount={rows.length + 1}
          className={small ? "" : narrow ? "min-w-[560px]" : "lg:min-w-[940px]"}
        >
          {!small && <Head narrow={narrow} />}
          <div role="rowgroup" className="relative" style={{ height: virtualizer.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              const place = { height: item.size, transform: `translateY(${item.start}px)` };
              const common = { row, place, index: item.index, selected: row.id === selectedId, onSelect };
              return small ? (
                <SmallRow key={item.key} {...common} />
              ) : (
                <Row key={item.key} {...common} narrow={narrow} />
              );
            })}
          </div>
        </div>
      </Scroller>
      {waiting > 0 && (
        <div className="absolute top-11 left-1/2 -translate-x-1/2" role="status">
          <Button
            size="sm"
            icon={ArrowUp}
            className="rounded-full! shadow-md"
            onClick={() => {
              onRelease();
              scroller.current?.scrollTo({ top: 0 });
            }}
          >
            {plural(waiting, "new request")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Only a new choice moves the list, not a new row above the chosen one. */
function useScrollToChosen(
  rows: readonly RequestEntry[],
  id: string | undefined,
  virtualizer: Virtualizer<HTMLDivElement, Element>,
): void {
  const done = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (id === done.current) return;
    const index = rows.findIndex((row) => row.id === id);
    if (index < 0) return;
    done.current = id;
    virtualizer.scrollToIndex(index, { align: "auto" });
  }, [rows, id, virtualizer]);
}

const COLUMNS = ["Time", "Status", "Method", "Host", "Path", "Duration", "Size", "Visitor"];
const NUMBERS = new Set(["Duration", "Size"]);
/** Columns that give way to the detail, and to narrow windows. */
const WIDE_ONLY = new Set(["Size", "Visitor"]);

function Head({ narrow }: { narrow: boolean }) {
  return (
    <div role="rowgroup" className="sticky top-0 z-1 bg-surface">
      <div
        role="row"
        className="request-grid grid h-8 items-center border-b text-xs font-medium text-subtle"
        data-narrow={narrow || undefined}
      >
        {COLUMNS.filter((name) => !narrow || !WIDE_ONLY.has(name)).map((name) => (
          <span
            key={name}
            role="columnheader"
            className={cn(
              NUMBERS.has(name) && "text-right",
              WIDE_ONLY.has(name) && "max-lg:hidden",
              name === "Visitor" && "pl-3",
            )}
          >
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  row: RequestEntry;
  index: number;
  place: { height: number; transform: string };
  selected: boolean;
  onSelect: (id: string) => void;
}

function pathOf(row: RequestEntry): string {
  return visible(row.query ? `${row.path}?${row.query}` : row.path);
}

function durationOf(row: RequestEntry): string {
  return row.durationMs == null ? "open" : milliseconds(row.durationMs);
}

function Row({ row, index, place, selected, narrow, onSelect }: RowProps & { narrow: boolean }) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className="grid-row request-grid cursor-default border-b border-faint text-xs"
      data-narrow={narrow || undefined}
      style={place}
    >
      <span role="cell" className="mono text-xs text-subtle">
        <time dateTime={row.at}>{narrow ? clock(row.at) : clockMillis(row.at)}</time>
      </span>
      <span role="cell">
        <StatusCode code={row.status} />
      </span>
      <span role="cell" className="mono text-xs text-muted">
        {row.method}
      </span>
      <span role="cell" className="text-muted">
        {row.host}
      </span>
      <span role="cell">
        <button
          type="button"
          tabIndex={selected ? 0 : -1}
          className="mono block max-w-full truncate text-left text-xs after:absolute after:inset-0"
          onClick={() => onSelect(row.id)}
        >
          {pathOf(row)}
        </button>
      </span>
      <span role="cell" className="nums text-right text-sm">
        {durationOf(row)}
      </span>
      {!narrow && (
        <>
          <span role="cell" className="nums text-right text-sm max-lg:hidden">
            {row.kind === "upgrade" && row.durationMs == null ? "–" : bytes(row.responseBytes)}
          </span>
          <span role="cell" className="mono pl-3 text-xs text-muted max-lg:hidden">
            {row.visitor}
          </span>
        </>
      )}
    </div>
  );
}

function SmallRow({ row, index, place, selected, onSelect }: RowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className="grid-row grid-cols-[44px_minmax(0,1fr)_auto] gap-x-2.5 border-b border-faint px-4"
      style={place}
    >
      <span role="cell">
        <StatusCode code={row.status} />
      </span>
      <span role="cell" className="grid gap-0.5">
        <button
          type="button"
          tabIndex={selected ? 0 : -1}
          className="mono truncate text-left text-xs after:absolute after:inset-0"
          onClick={() => onSelect(row.id)}
        >
          {row.method} {pathOf(row)}
        </button>
        <span className="truncate text-xs text-subtle">{row.host}</span>
      </span>
      <span role="cell" className="nums grid gap-0.5 text-right text-xs">
        <span>{durationOf(row)}</span>
        <time dateTime={row.at} className="mono text-xs text-subtle">
          {clock(row.at)}
        </time>
      </span>
    </div>
  );
}
