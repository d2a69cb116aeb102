// The inspector: the same request through the Gateway and straight to the service. One sentence of verdict first.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheck, GitCompareArrows, Globe, Info, Send, TriangleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "~/shared/api/client";
import { asApiError } from "~/shared/api/error";
import { mappingsQuery } from "~/shared/api/queries";
import type { Diagnosis, DiagnosisSide } from "~/shared/api/types";
import { clockMillis, milliseconds, visible } from "~/shared/lib/format";
import { Button } from "~/shared/ui/button";
import { Callout, type CalloutTone } from "~/shared/ui/callout";
import { Card, CardBody, CardHead } from "~/shared/ui/card";
import { Empty } from "~/shared/ui/empty";
import { InputBox } from "~/shared/ui/input";
import { Page } from "~/shared/ui/page";
import { Skeleton } from "~/shared/ui/skeleton";
import { BodyCard } from "./body-card";
import { HeaderDiff } from "./header-diff";
import { SideCard } from "./side-card";

/** Bytes of each body that are brought here. */
const BODY_MAX = 256 * 1024;

/** "app.example.com/x" is meant as "https://app.example.com/x". */
function completed(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" || /^https?:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
}

export function InspectorPage() {
  const { url: wanted } = useSearch({ from: "/shell/inspector" });
  const navigate = useNavigate({ from: "/inspector" });
  const [url, setUrl] = useState(wanted ?? "");
  const mappings = useQuery(mappingsQuery).data?.mappings.filter((mapping) => mapping.enabled) ?? [];
  const diagnose = useMutation({
    mutationFn: (target: string) =>
      unwrap(api.POST("/api/v1/test/diagnose", { body: { url: target, maxBodyBytes: BODY_MAX } })),
  });
  const inspect = (text: string) => {
    const target = completed(text);
    if (!target) return;
    setUrl(target);
    void navigate({ search: { url: target }, replace: true });
    diagnose.mutate(target);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    inspect(url);
  };
  return (
    <Page
      title="Inspector"
      subtitle="The same request twice: through the Gateway, and straight to the service"
    >
      <form onSubmit={submit} className="flex flex-wrap gap-2">
        <InputBox className="min-w-0 flex-1 max-md:basis-full">
          <Globe size={16} strokeWidth={1.75} className="text-subtle" aria-hidden />
          <input
            aria-label="Address to inspect"
            className="h-full w-full min-w-0 bg-transparent outline-none"
            placeholder="https://app.example.com/path"
            inputMode="url"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            list="mapped-addresses"
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
        </InputBox>
        <datalist id="mapped-addresses">
          {mappings.map((mapping) => (
            <option key={mapping.id} value={`https://${mapping.externalDomain}/`} />
          ))}
        </datalist>
        <Button
          type="submit"
          variant="primary"
          icon={Send}
          busy={diagnose.isPending}
          disabled={url.trim() === ""}
          className="max-md:flex-1"
        >
          Send GET
        </Button>
      </form>
      {diagnose.isPending ? (
        <Waiting />
      ) : diagnose.isError ? (
        <Failed error={diagnose.error} />
      ) : diagnose.data ? (
        <Result diagnosis={diagnose.data} />
      ) : (
        <Start domains={mappings.map((mapping) => mapping.externalDomain)} onInspect={inspect} />
      )}
    </Page>
  );
}

/** Addresses that are offered; others are typed. */
const OFFERED = 5;

interface StartProps {
  domains: readonly string[];
  onInspect: (address: string) => void;
}

function Start({ domains, onInspect }: StartProps) {
  const offers = domains.slice(0, OFFERED).map((domain) => (
    <Button key={domain} className="max-w-full" onClick={() => onInspect(domain)}>
      <span className="truncate">{domain}</span>
    </Button>
  ));
  return (
    <Card>
      <Empty
        icon={GitCompareArrows}
        title="Two answers, side by side"
        actions={offers.length > 0 ? offers : undefined}
      >
        Enter an address of one of your mappings. The Agent asks for it through the Gateway, as a visitor
        does, and straight from the service, then says what differs and what each cost.
        {domains.length === 0 && " No mapping is on, so there is nothing to ask yet."}
      </Empty>
    </Card>
  );
}

function Waiting() {
  return (
    <>
      <p role="status" className="sr-only">
        Asking both ways
      </p>
      <Skeleton className="h-[46px] rounded-md" />
      <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1">
        <Skeleton className="h-[236px] rounded-lg" />
        <Skeleton className="h-[236px] rounded-lg" />
      </div>
    </>
  );
}

function Failed({ error }: { error: unknown }) {
  const problem = asApiError(error);
  return (
    <Callout tone="danger" title="The address was not inspected." inline live>
      {problem.message}
    </Callout>
  );
}

const VERDICTS: Record<Diagnosis["verdict"]["level"], { tone: CalloutTone; icon: typeof Info }> = {
  ok: { tone: "success", icon: CircleCheck },
  info: { tone: "info", icon: Info },
  warn: { tone: "warning", icon: TriangleAlert },
  error: { tone: "danger", icon: TriangleAlert },
};

/** What the way through the tunnel cost, once both ways were answered. */
function difference(gateway: DiagnosisSide, agent: DiagnosisSide): string {
  if (gateway.status == null || agent.status == null) return "";
  const ms = gateway.timing.totalMs - agent.timing.totalMs;
  return `The way through the Gateway took ${milliseconds(Math.abs(ms))} ${ms < 0 ? "less" : "longer"}.`;
}

function Result({ diagnosis }: { diagnosis: Diagnosis }) {
  const { verdict, gateway, agent } = diagnosis;
  const look = VERDICTS[verdict.level] ?? VERDICTS.info;
  const [first = "", ...rest] = verdict.message.split(/(?<=\.)\s/);
  const scaleMs = Math.max(gateway.timing.totalMs, agent.timing.totalMs);
  return (
    <>
      <Callout tone={look.tone} icon={look.icon} title={first} inline live>
        {[...rest, difference(gateway, agent)].filter(Boolean).join(" ")}
      </Callout>
      <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1 max-md:gap-3">
        <SideCard title="Through the Gateway" note="visitor’s way" side={gateway} scaleMs={scaleMs} />
        <SideCard title="Straight to the service" note="from the Agent" side={agent} scaleMs={scaleMs} />
      </div>
      <HeaderDiff rows={diagnosis.headerDiff} />
      <div className="grid grid-cols-[minmax(0,7fr)_minmax(0,5fr)] items-start gap-4 max-lg:grid-cols-1 max-md:gap-3">
        <BodyCard key={diagnosis.requestId ?? "unnamed"} diagnosis={diagnosis} />
        <GatewayLines diagnosis={diagnosis} />
      </div>
    </>
  );
}

function GatewayLines({ diagnosis }: { diagnosis: Diagnosis }) {
  return (
    <Card>
      <CardHead
        title="Gateway lines of this request"
        end={
          <Link to="/logs/gateway" search={{ q: diagnosis.requestId ?? undefined }}>
            In the log
          </Link>
        }
      />
      <CardBody className="border-t pt-3">
        {diagnosis.gatewayLogs.length === 0 ? (
          <p className="text-muted">The Gateway wrote nothing about it.</p>
        ) : (
          <ul className="mono grid gap-1 text-xs leading-[18px]">
            {diagnosis.gatewayLogs.map((line) => (
              <li key={line.id} className="grid grid-cols-[auto_auto_minmax(0,1fr)] gap-3">
                <span className="text-subtle">{clockMillis(line.timestamp)}</span>
                <span className="w-9 text-accent">{line.level}</span>
                <span className="break-words">{visible(line.message)}</span>
              </li>
            ))}
          </ul>
        )}
      </CardBody>
    </Card>
  );
}
