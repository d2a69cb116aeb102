// The lines of a log, virtual. Follows the newest until somebody scrolls up; older lines come in above without a jump.

import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { type RefObject, useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import type { LogLine } from "~/shared/api/types";
import { cn } from "~/shared/lib/cn";
import { clock, clockMillis, plural } from "~/shared/lib/format";
import { SMALL, useMedia } from "~/shared/lib/use-media";
import { Button } from "~/shared/ui/button";
import { Scroller } from "~/shared/ui/scroller";
import { fieldText, firstLine, shortTarget } from "./lines";

const ROW_PX = 22;
/** A guess for wrapped lines; they are measured once drawn. */
const ROW_SMALL_PX = 40;
/** Lines from the top at which older ones are asked for. */
const OLDER_AT = 100;
/** So near to the end counts as "at the end", in pixels. */
const END_PX = 30;

export interface LogListHandle {
  scrollTo: (index: number) => void;
  toEnd: () => void;
}

interface LogListProps {
  label: string;
  lines: readonly LogLine[];
  prepended: number;
  following: boolean;
  /** Lines that came since it stopped following. */
  fresh: number;
  selectedId: number | null;
  handle: RefObject<LogListHandle | null>;
  onSelect: (line: LogLine) => void;
  onFollow: (following: boolean) => void;
  onOlder: () => void;
}

export function LogList(props: LogListProps) {
  const { label, lines, prepended, following, fresh, selectedId, handle, onSelect, onFollow, onOlder } =
    props;
  const scroller = useRef<HTMLDivElement>(null);
  const small = useMedia(SMALL);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (small ? ROW_SMALL_PX : ROW_PX),
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: 24,
  });
  useKeepPlace(virtualizer, lines, prepended, following);
  useImperativeHandle(handle, () => ({
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: "start" }),
    toEnd: () => virtualizer.scrollToIndex(lines.length - 1, { align: "end" }),
  }));
  const items = virtualizer.getVirtualItems();
  const nearTop = lines.length > 0 && (items[0]?.index ?? OLDER_AT) < OLDER_AT && !following;
  useEffect(() => {
    if (nearTop) onOlder();
  }, [nearTop, onOlder]);
  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
    if (following && !atEnd && virtualizer.scrollDirection === "backward") onFollow(false);
  };
  return (
    <div className="relative flex min-h-0 min-w-0 flex-1 flex-col bg-surface">
      <Scroller
        ref={scroller}
        label={label}
        className="min-h-0 flex-1 overflow-x-hidden overflow-y-auto [overflow-anchor:none] focus-visible:-outline-offset-2"
        onScroll={onScroll}
      >
        <div
          role="table"
          aria-label={`${label}, oldest first`}
          aria-rowcount={lines.length}
          className="relative"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {items.map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            return (
              <Row
                key={item.key}
                line={line}
                index={item.index}
                start={item.start}
                small={small}
                selected={line.id === selectedId}
                measure={small ? virtualizer.measureElement : undefined}
                onSelect={onSelect}
              />
            );
          })}
        </div>
      </Scroller>
      {fresh > 0 && (
        <div className="absolute bottom-3.5 left-1/2 -translate-x-1/2" role="status">
          <Button
            size="sm"
            icon={ArrowDown}
            className="rounded-full! shadow-md"
            onClick={() => onFollow(true)}
          >
            {plural(fresh, "new line")}
          </Button>
        </div>
      )}
    </div>
  );
}

/** While following, the end stays in view; when older lines come in above, what is read stays where it is. */
function useKeepPlace(
  virtualizer: Virtualizer<HTMLDivElement, Element>,
  lines: readonly LogLine[],
  prepended: number,
  following: boolean,
): void {
  const first = lines[0]?.id;
  const before = useRef(first);
  useLayoutEffect(() => {
    if (following && lines.length > 0) virtualizer.scrollToIndex(lines.length - 1, { align: "end" });
  }, [virtualizer, lines, following]);
  useLayoutEffect(() => {
    const grown =
      before.current !== undefined && first !== undefined && first < before.current && prepended > 0;
    before.current = first;
    if (!grown || following) return;
    const added = virtualizer.measurementsCache[prepended]?.start ?? prepended * ROW_PX;
    virtualizer.scrollToOffset((virtualizer.scrollOffset ?? 0) + added);
  }, [virtualizer, first, prepended, following]);
}

const LEVELS: Record<LogLine["level"], { bar: string; word: string; message: string }> = {
  error: { bar: "bg-danger", word: "text-danger", message: "text-danger" },
  warn: { bar: "bg-warning", word: "text-warning", message: "" },
  info: { bar: "", word: "text-accent", message: "" },
  debug: { bar: "", word: "text-subtle", message: "text-subtle" },
  trace: { bar: "", word: "text-subtle", message: "text-subtle" },
};

interface RowProps {
  line: LogLine;
  index: number;
  start: number;
  small: boolean;
  selected: boolean;
  measure: ((element: HTMLElement | null) => void) | undefined;
  onSelect: (line: LogLine) => void;
}

function Row({ line, index, start, small, selected, measure, onSelect }: RowProps) {
  const look = LEVELS[line.level] ?? LEVELS.info;
  return (
    <div
      ref={measure}
      data-index={index}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      className="grid-row log-grid cursor-default"
      style={{ transform: `translateY(${start}px)`, height: small ? undefined : ROW_PX }}
    >
      <span role="cell" className={cn("h-full", look.bar)}>
        {small && <span className="sr-only">{line.level}</span>}
      </span>
      <time
        role="cell"
        dateTime={line.timestamp}
        className={cn("text-subtle", small && "text-2xs leading-[18px]")}
      >
        {small ? clock(line.timestamp) : clockMillis(line.timestamp)}
      </time>
      {!small && (
        <>
          <span role="cell" className={cn("font-[560]", look.word)}>
            {line.level}
          </span>
          <span role="cell" className="truncate text-subtle">
            {shortTarget(line.target)}
          </span>
        </>
      )}
      <span role="cell" className="min-w-0">
        <button
          type="button"
          tabIndex={selected ? 0 : -1}
          className={cn(
            "block w-full text-left after:absolute after:inset-0",
            small ? "[overflow-wrap:anywhere] whitespace-normal" : "truncate",
            look.message,
          )}
          onClick={() => onSelect(line)}
        >
          {firstLine(line.message)}
          <span className="text-subtle">
            {Object.entries(line.fields).map(([name, value]) => ` ${name}=${fieldText(value)}`)}
          </span>
        </button>
      </span>
    </div>
  );
}
