// One of the two answers: status, time by phase, protocol and size, or what failed.
import type { DiagnosisSide } from "~/shared/api/types";
import { bytes, milliseconds, visible } from "~/shared/lib/format";
import { sideWord } from "~/shared/lib/sides";
import { statusText } from "~/shared/lib/status-text";
import { StatusCode } from "~/shared/ui/badge";
import { Callout } from "~/shared/ui/callout";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { TimingBar } from "~/shared/ui/timing-bar";

interface SideCardProps {
  title: string;
  note: string;
  side: DiagnosisSide;
  /** The longer of both answers, so that the bars compare. */
  scaleMs: number;
}

export function SideCard({ title, note, side, scaleMs }: SideCardProps) {
  const { timing } = side;
  return (
    <Card>
      <CardHead
        title={title}
        note={<span className="max-md:hidden">{note}</span>}
        end={
          <span className="flex items-center gap-2 text-sm">
            {side.status != null && <StatusCode code={side.status} text={statusText(side.status)} />}
            <b className="nums">{milliseconds(timing.totalMs)}</b>
          </span>
        }
      />
      <CardBody className="grid gap-3">
        {side.error && (
          <Callout tone="danger" title={`Failed at: ${sideWord(side.error.side)}.`} inline>
            {visible(side.error.message)}
          </Callout>
        )}
        <TimingBar
          scaleMs={scaleMs}
          phases={[
            { name: "Name lookup", ms: timing.dnsMs ?? null, color: "var(--chart-6)" },
            { name: "Connect", ms: timing.connectMs ?? null, color: "var(--chart-4)" },
            { name: "TLS", ms: timing.tlsMs ?? null, color: "var(--chart-1)" },
            { name: "Waiting for the answer", ms: timing.waitMs ?? null, color: "var(--chart-2)" },
            { name: "Body", ms: timing.bodyMs ?? null, color: "var(--chart-3)" },
          ]}
        />
        <p className="text-xs text-muted">
          {[
            side.httpVersion,
            side.body ? bytes(side.body.bytes) : "no body",
            side.body?.contentType?.split(";")[0],
            side.body?.truncated && "cut at the limit",
          ]
            .filter(Boolean)
            .join(", ")}
        </p>
      </CardBody>
    </Card>
  );
}
