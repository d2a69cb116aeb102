// The configuration as a folded tree, virtual; our routes are tinted and named by mapping.

import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { cn } from "~/shared/lib/cn";
import { visible } from "~/shared/lib/format";
import { Scroller } from "~/shared/ui/scroller";
import type { JsonLine, Path } from "./json-lines";

/** The least height of a target. */
const ROW_PX = 24;
const INDENT_PX = 18;

interface CaddyTreeProps {
  lines: readonly JsonLine[];
  needle: string;
  currentPath: Path | null;
  nameOf: (route: string) => string | null;
  tinted: boolean;
  onToggle: (path: Path) => void;
}

export function CaddyTree({ lines, needle, currentPath, nameOf, tinted, onToggle }: CaddyTreeProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 30,
  });
  const current =
    currentPath === null ? -1 : lines.findIndex((line) => line.path === currentPath && line.kind !== "close");
  useEffect(() => {
    if (current >= 0) virtualizer.scrollToIndex(current, { align: "center" });
  }, [current, virtualizer]);
  return (
    <Scroller
      ref={scroller}
      label="Caddy configuration"
      className="min-h-0 flex-1 overflow-auto bg-surface py-2 focus-visible:-outline-offset-2"
    >
      <div
        className="mono relative min-w-max text-xs leading-6"
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map((item) => {
          const line = lines[item.index];
          if (!line) return null;
          const opens =
            line.route !== null && line.kind === "open" && lines[item.index - 1]?.route !== line.route;
          return (
            <div
              key={item.key}
              className={cn(
                "absolute inset-x-0 top-0 flex items-center pr-4 whitespace-pre hover:bg-hover",
                tinted && line.route && "bg-accent-subtle",
                item.index === current && "outline-1 -outline-offset-1 outline-(--warning-border)",
              )}
              style={{
                height: ROW_PX,
                transform: `translateY(${item.start}px)`,
                paddingLeft: 16 + line.depth * INDENT_PX,
              }}
            >
              <Toggle line={line} onToggle={onToggle} />
              <LineText line={line} needle={needle} />
              {opens && line.route && <Name text={nameOf(line.route) ?? "ours, of a mapping that is gone"} />}
            </div>
          );
        })}
      </div>
    </Scroller>
  );
}

function Toggle({ line, onToggle }: { line: JsonLine; onToggle: (path: Path) => void }) {
  if (!line.foldable) return <span className="w-6 shrink-0" />;
  const what = line.key ?? (line.path.split("/").at(-1) || "the configuration");
  return (
    <button
      type="button"
      aria-expanded={!line.folded}
      aria-label={`${line.folded ? "Unfold" : "Fold"} ${what}`}
      className="grid w-6 shrink-0 place-items-center self-stretch text-subtle hover:text-ink"
      onClick={() => onToggle(line.path)}
    >
      <ChevronRight
        size={12}
        strokeWidth={1.75}
        className={line.folded ? undefined : "rotate-90"}
        aria-hidden
      />
    </button>
  );
}

const TOKENS: Partial<Record<string, string>> = {
  key: "tok-key",
  string: "tok-string",
  number: "tok-number",
  keyword: "tok-keyword",
};

function LineText({ line, needle }: { line: JsonLine; needle: string }) {
  return (
    <>
      {line.key !== null && (
        <>
          <span className="tok-key">
            <Marked text={JSON.stringify(line.key)} needle={needle} />
          </span>
          {": "}
        </>
      )}
      {line.short ? (
        line.short.map((token) => (
          <span key={token.at} className={TOKENS[token.kind]}>
            <Marked text={token.text} needle={needle} />
          </span>
        ))
      ) : (
        <span className={TOKENS[line.kind]}>
          <Marked text={line.text} needle={needle} />
        </span>
      )}
      {line.comma && ","}
    </>
  );
}

function Marked({ text, needle }: { text: string; needle: string }): ReactNode {
  const shown = visible(text);
  if (!needle) return shown;
  const parts: ReactNode[] = [];
  const low = shown.toLowerCase();
  const wanted = needle.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(shown.slice(from, at), <mark key={at}>{shown.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  parts.push(shown.slice(from));
  return parts;
}

function Name({ text }: { text: string }) {
  return <span className="pl-2.5 font-sans text-xs text-subtle">{text}</span>;
}
