// One request: where its time went, who asked, what failed, the headers of both ways.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, Copy, GitCompareArrows, Terminal } from "lucide-react";
import { Tabs } from "radix-ui";
import { mappingsQuery } from "~/shared/api/queries";
import type { RequestDetail as Detail, Mapping } from "~/shared/api/types";
import { copyText } from "~/shared/lib/copy";
import { curlCommand } from "~/shared/lib/curl";
import { failureWords } from "~/shared/lib/failure-words";
import { bytes, count, exact, milliseconds, visible } from "~/shared/lib/format";
import { SIDE_WORDS } from "~/shared/lib/sides";
import { statusText } from "~/shared/lib/status-text";
import { StatusCode } from "~/shared/ui/badge";
import { Button, buttonStyle } from "~/shared/ui/button";
import { Callout } from "~/shared/ui/callout";
import { DetailPane } from "~/shared/ui/drawer";
import { CannotLoad } from "~/shared/ui/empty";
import { IconButton } from "~/shared/ui/icon-button";
import { serviceAddress } from "~/shared/ui/route";
import { Skeleton } from "~/shared/ui/skeleton";
import { TimingBar } from "~/shared/ui/timing-bar";
import { requestQuery } from "./api";

interface RequestDetailProps {
  id: string;
  onMove: (by: number) => void;
  onClose: () => void;
}

export function RequestDetail({ id, onMove, onClose }: RequestDetailProps) {
  const query = useQuery(requestQuery(id));
  const request = query.data;
  return (
    <DetailPane
      label="Request"
      onClose={onClose}
      head={request ? <Head request={request} /> : <Skeleton className="my-3 w-40" />}
      actions={
        <>
          <IconButton icon={ChevronUp} label="Newer request" size="sm" onClick={() => onMove(-1)} />
          <IconButton icon={ChevronDown} label="Older request" size="sm" onClick={() => onMove(1)} />
        </>
      }
    >
      {request ? (
        <Body request={request} />
      ) : query.isError ? (
        <CannotLoad
          title="This request cannot be read"
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <Skeleton className="h-32" />
      )}
    </DetailPane>
  );
}

function Head({ request }: { request: Detail }) {
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2">
        <StatusCode code={request.status} text={statusText(request.status)} />
        <time dateTime={request.at} className="nums text-xs text-subtle">
          {exact(request.at)}
        </time>
      </p>
      <h2 className="mono pt-1 text-sm font-semibold break-all">
        {request.method} {visible(request.query ? `${request.path}?${request.query}` : request.path)}
      </h2>
    </>
  );
}

function Body({ request }: { request: Detail }) {
  const mapping = useQuery(mappingsQuery).data?.mappings.find((each) => each.id === request.mappingId);
  const url = `https://${request.host}${request.path}${request.query ? `?${request.query}` : ""}`;
  const curl = () =>
    copyText(
      curlCommand({ method: request.method, url, headers: request.requestHeaders ?? [] }),
      "The curl command",
    );
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" icon={Terminal} onClick={curl}>
          Copy as curl
        </Button>
        <Link to="/inspector" search={{ url }} className={buttonStyle({ size: "sm" })}>
          <GitCompareArrows size={14} strokeWidth={1.75} aria-hidden />
          Open in inspector
        </Link>
        <Button size="sm" variant="ghost" icon={Copy} onClick={() => copyText(request.id, "The request id")}>
          Copy request id
        </Button>
      </div>
      {request.failure && (
        <Callout tone="danger" title={`Failed at: ${SIDE_WORDS[request.failure.side]}.`} inline>
          {visible(failureWords(request.failure.message))}
        </Callout>
      )}
      <Timing request={request} />
      <Facts request={request} mapping={mapping} />
      <Headers request={request} />
    </>
  );
}

function Timing({ request }: { request: Detail }) {
  const { phases } = request;
  return (
    <section aria-label="Timing">
      <h3 className="mb-2 flex items-center font-semibold">
        Timing
        <span className="nums ml-auto font-regular">
          {request.durationMs == null ? "still open" : milliseconds(request.durationMs)}
        </span>
      </h3>
      <TimingBar
        phases={[
          { name: "Gateway, request read", ms: phases.gatewayMs ?? null, color: "var(--chart-6)" },
          { name: "Tunnel, to the Agent", ms: phases.tunnelMs ?? null, color: "var(--chart-1)" },
          { name: "Connect to the service", ms: phases.connectMs ?? null, color: "var(--chart-4)" },
          { name: "Waiting for the service", ms: phases.waitMs ?? null, color: "var(--chart-2)" },
          { name: "Answer back", ms: phases.answerMs ?? null, color: "var(--chart-3)" },
        ]}
      />
    </section>
  );
}

function Facts({ request, mapping }: { request: Detail; mapping: Mapping | undefined }) {
  const protocol = [request.protocol, request.kind === "upgrade" && "upgraded to a WebSocket"]
    .filter(Boolean)
    .join(", ");
  return (
    <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-5 gap-y-1.5 break-words [&_dt]:text-subtle">
      <dt>Mapping</dt>
      <dd>
        {mapping ? (
          <>
            <Link to="/mappings/$id" params={{ id: mapping.id }} className="link">
              {mapping.name}
            </Link>{" "}
            to <span className="mono">{serviceAddress(mapping)}</span>
          </>
        ) : (
          "none, or deleted since"
        )}
      </dd>
      <dt>Visitor</dt>
      <dd className="mono">{request.visitor}</dd>
      {request.userAgent && (
        <>
          <dt>Browser</dt>
          <dd className="text-xs leading-5">{visible(request.userAgent)}</dd>
        </>
      )}
      {protocol && (
        <>
          <dt>Protocol</dt>
          <dd>{protocol}</dd>
        </>
      )}
      <dt>Size</dt>
      <dd className="nums">
        {bytes(request.requestBytes)} in, {bytes(request.responseBytes)} out
      </dd>
      <dt>Request id</dt>
      <dd className="mono break-all">{request.id}</dd>
    </dl>
  );
}

const TAB =
  "inline-flex h-[38px] items-center gap-1.5 border-b-2 border-transparent font-medium text-muted hover:text-ink data-[state=active]:border-accent-solid data-[state=active]:text-ink";

function Headers({ request }: { request: Detail }) {
  const sides = [
    { value: "answer", label: "Answer", headers: request.responseHeaders },
    { value: "request", label: "Request", headers: request.requestHeaders },
  ];
  return (
    <Tabs.Root defaultValue={request.responseHeaders ? "answer" : "request"}>
      <Tabs.List aria-label="Headers" className="-mt-2 flex gap-5 border-b">
        {sides.map((side) => (
          <Tabs.Trigger key={side.value} value={side.value} className={`${TAB} -mb-px`}>
            {side.label}{" "}
            <span className="nums font-regular text-subtle">
              {side.headers ? count(side.headers.length) : "–"}
            </span>
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {sides.map((side) => (
        <Tabs.Content key={side.value} value={side.value} className="pt-3">
          {side.headers ? (
            <dl className="mono grid grid-cols-[minmax(0,150px)_minmax(0,1fr)] gap-x-4 gap-y-1 text-xs leading-[18px]">
              {side.headers.map(([name = "", value = ""], index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a header may stand twice
                <div key={index} className="contents">
                  <dt className="break-all text-subtle">{visible(name)}</dt>
                  <dd className="break-all">{visible(value)}</dd>
                </div>
              ))}
            </dl>
          ) : (
            <p className="text-xs text-subtle">
              {request.failure
                ? "There was no answer."
                : "Headers are kept for the last 1,000 requests only."}
            </p>
          )}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
