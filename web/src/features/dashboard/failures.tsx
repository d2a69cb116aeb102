// Failures of the last day by cause, the newest first. Each opens the request log filtered to it.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { mappingsQuery } from "~/shared/api/queries";
import type { FailureGroup, Mapping } from "~/shared/api/types";
import { failureWords } from "~/shared/lib/failure-words";
import { count, visible } from "~/shared/lib/format";
import { SIDE_WORDS } from "~/shared/lib/sides";
import { Badge } from "~/shared/ui/badge";
import { Card, CardHead } from "~/shared/ui/card";
import { SkeletonRows } from "~/shared/ui/skeleton";
import { RelativeTime } from "~/shared/ui/time";
import { failuresQuery } from "./api";

/** Rows of the card. */
const SHOWN = 5;

export function Failures() {
  const failures = useQuery(failuresQuery);
  const mappings = useQuery(mappingsQuery).data?.mappings;
  const groups = failures.data?.groups ?? [];
  return (
    <Card className="overflow-clip">
      <CardHead
        title="Recent failures"
        note="last 24 h, by cause"
        end={
          <Link to="/requests" search={{ status: "none" }}>
            Open in requests
          </Link>
        }
      />
      {failures.isPending ? (
        <SkeletonRows label="recent failures" rows={SHOWN} />
      ) : groups.length === 0 ? (
        <p className="flex items-center gap-2 px-4 pb-5 text-muted">
          <CircleCheck size={16} strokeWidth={1.75} className="text-success" aria-hidden />
          No failed request in the last 24 hours.
        </p>
      ) : (
        <ul>
          {groups.slice(0, SHOWN).map((group) => (
            <Row
              key={`${group.side} ${group.cause} ${group.mappingId}`}
              group={group}
              mapping={mappings?.find((each) => each.id === group.mappingId)}
            />
          ))}
        </ul>
      )}
    </Card>
  );
}

function Row({ group, mapping }: { group: FailureGroup; mapping: Mapping | undefined }) {
  return (
    <li className="relative flex min-h-10 items-center gap-3 border-b border-faint px-4 py-[3px] last:border-0 hover:bg-hover">
      <span className="w-[62px] shrink-0">
        <Badge tone={group.side === "visitor" ? "neutral" : "danger"}>{SIDE_WORDS[group.side]}</Badge>
      </span>
      <Link
        to="/requests"
        search={{
          side: group.side,
          mapping: group.mappingId ?? undefined,
          id: group.exampleRequestId ?? undefined,
        }}
        className="grid min-w-0 flex-1 leading-[18px] text-ink! no-underline! after:absolute after:inset-0"
      >
        <b className="truncate font-medium">{visible(failureWords(group.message))}</b>
        <small className="truncate text-xs leading-4 text-subtle">
          {mapping?.externalDomain ?? "no mapping"}
        </small>
      </Link>
      <span className="nums grid shrink-0 text-right leading-[18px]">
        <b className="font-medium">{count(group.count)} ×</b>
        <RelativeTime at={group.lastAt} className="relative text-xs leading-4 text-subtle" />
      </span>
    </li>
  );
}
