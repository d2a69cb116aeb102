// One log line in full: the whole message with its causes, its fields (a click filters), its request.

import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Copy, List } from "lucide-react";
import type { LogLine } from "~/shared/api/types";
import { copyText } from "~/shared/lib/copy";
import { exact, visible } from "~/shared/lib/format";
import { Badge, type Tone } from "~/shared/ui/badge";
import { buttonStyle } from "~/shared/ui/button";
import { DetailPane } from "~/shared/ui/drawer";
import { IconButton } from "~/shared/ui/icon-button";
import { Scroller } from "~/shared/ui/scroller";
import { fieldText, plainLine } from "./lines";

const TONES: Record<LogLine["level"], Tone> = {
  error: "danger",
  warn: "warning",
  info: "accent",
  debug: "neutral",
  trace: "neutral",
};

interface LogDetailProps {
  line: LogLine;
  onFilter: (q: string) => void;
  onMove: (by: number) => void;
  onClose: () => void;
}

export function LogDetail({ line, onFilter, onMove, onClose }: LogDetailProps) {
  const fields = Object.entries(line.fields);
  return (
    <DetailPane
      label="Log line"
      narrow
      onClose={onClose}
      head={
        <>
          <p className="flex flex-wrap items-center gap-2">
            <Badge tone={TONES[line.level]}>{line.level}</Badge>
            <time dateTime={line.timestamp} className="nums text-xs text-subtle">
              {exact(line.timestamp)}
            </time>
          </p>
          <h2 className="pt-1 font-semibold break-all">{visible(line.target)}</h2>
        </>
      }
      actions={
        <>
          <IconButton icon={ChevronUp} label="Line before" size="sm" onClick={() => onMove(-1)} />
          <IconButton icon={ChevronDown} label="Line after" size="sm" onClick={() => onMove(1)} />
        </>
      }
    >
      <section aria-label="Message">
        <h3 className="mb-2 flex items-center justify-between font-semibold">
          Message
          <IconButton
            icon={Copy}
            label="Copy the line"
            size="sm"
            onClick={() => copyText(plainLine(line), "The line")}
          />
        </h3>
        <Scroller label="Whole message" className="code max-h-[320px]">
          {visible(line.message)}
        </Scroller>
      </section>
      {fields.length > 0 && (
        <section aria-label="Fields">
          <h3 className="mb-2 font-semibold">Fields</h3>
          <ul className="-mx-2 grid grid-cols-[max-content_minmax(0,1fr)]">
            {fields.map(([name, value]) => (
              <li key={name} className="col-span-2 grid grid-cols-subgrid">
                <button
                  type="button"
                  title="Show only lines with this value"
                  className="col-span-2 grid grid-cols-subgrid gap-x-5 rounded-xs px-2 py-0.5 text-left hover:bg-hover"
                  onClick={() => onFilter(`${name}=${fieldText(value)}`)}
                >
                  <span className="truncate text-subtle">{visible(name)}</span>
                  <span className="mono text-xs leading-5 break-all">{fieldText(value)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {line.requestId && (
        <div>
          <Link to="/requests" search={{ id: line.requestId }} className={buttonStyle({ size: "sm" })}>
            <List size={14} strokeWidth={1.75} aria-hidden />
            Open the request
          </Link>
        </div>
      )}
    </DetailPane>
  );
}
