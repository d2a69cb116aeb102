// The test of the service: runs by itself when host and port are complete, and says what is wrong and what to do. It never blocks saving.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "~/shared/api/error";
import type { ServiceTest, ServiceTestResult } from "~/shared/api/types";
import { failureWords } from "~/shared/lib/failure-words";
import { bytes, milliseconds } from "~/shared/lib/format";
import { useDebounced } from "~/shared/lib/use-debounced";
import { Button } from "~/shared/ui/button";
import { Callout, type CalloutTone } from "~/shared/ui/callout";
import { serviceTestQuery } from "../api";

/** The test starts once host and port have been still for this long, in milliseconds. */
const STILL_MS = 600;
const NOTHING: ServiceTest = { internalHost: "", internalPort: 0, internalProtocol: "Http" };

interface ServiceTestProps {
  input: ServiceTest | null;
  onProtocol: (protocol: NonNullable<ServiceTest["internalProtocol"]>) => void;
  onTrust: (fingerprint: string) => void;
}

type Outcome = ServiceTestResult["outcome"];

const TITLES: Record<Outcome, string> = {
  answered: "The service answers",
  refused: "Connection refused",
  "timed-out": "No answer in time",
  "name-not-found": "This host name is not known",
  "speaks-https": "This service speaks HTTPS",
  "speaks-http": "This service speaks plain HTTP",
  "certificate-unknown": "The certificate is not signed by a known authority",
  "not-allowed": "This address is not allowed",
  failed: "The test failed",
};

function toneOf(outcome: Outcome): CalloutTone {
  if (outcome === "answered") return "success";
  return outcome === "speaks-https" || outcome === "speaks-http" || outcome === "certificate-unknown"
    ? "warning"
    : "danger";
}

export function ServiceTestCard({ input, onProtocol, onTrust }: ServiceTestProps) {
  const key = useDebounced(JSON.stringify(input), STILL_MS);
  const settled = key === JSON.stringify(input) ? input : null;
  const test = useQuery({
    ...serviceTestQuery(settled ?? NOTHING),
    enabled: settled !== null,
    placeholderData: input ? keepPreviousData : undefined,
  });
  if (!input)
    return <Callout title="Not tested yet">The test runs by itself once host and port are complete.</Callout>;
  const again = (
    <Button size="sm" busy={test.isFetching} onClick={() => void test.refetch()}>
      Test again
    </Button>
  );
  if (test.isError) {
    return (
      <Callout tone="warning" title="The test did not run" action={again} live>
        {asApiError(test.error).message}
      </Callout>
    );
  }
  if (!test.data || (test.isPlaceholderData && test.isFetching))
    return (
      <Callout title={`Testing ${input.internalHost}:${input.internalPort}…`}>
        One request, straight from this Agent.
      </Callout>
    );
  const plain = input.internalProtocol === "Http";
  return <Result result={test.data} plain={plain} again={again} onProtocol={onProtocol} onTrust={onTrust} />;
}

interface ResultProps extends Pick<ServiceTestProps, "onProtocol" | "onTrust"> {
  result: ServiceTestResult;
  /** It was asked without TLS. */
  plain: boolean;
  again: ReactNode;
}

function Result({ result, plain, again, onProtocol, onTrust }: ResultProps) {
  const title = TITLES[result.outcome] ?? TITLES.failed;
  const tone = toneOf(result.outcome);
  if (result.outcome === "certificate-unknown" && result.fingerprint) {
    const { fingerprint } = result;
    return (
      <Callout tone="warning" icon={ShieldAlert} title={title} live>
        <p>
          {result.message} Compare the fingerprint with the one on the server, then trust exactly this
          certificate.
        </p>
        <p className="mono mt-1 text-xs text-ink">
          SHA-256
          {colons(fingerprint).map((half) => (
            <span key={half} className="block break-all">
              {half}
            </span>
          ))}
        </p>
        <div className="mt-2 flex gap-2">
          <Button size="sm" onClick={() => onTrust(fingerprint)}>
            Trust this certificate
          </Button>
          {again}
        </div>
      </Callout>
    );
  }
  const other =
    result.outcome === "speaks-https" ? "Https" : result.outcome === "speaks-http" ? "Http" : null;
  // Some servers end a connection that does not begin with TLS, without a word.
  const perhapsHttps = result.outcome === "failed" && plain;
  return (
    <Callout
      tone={tone}
      title={title}
      live
      action={
        other ? (
          <Button size="sm" onClick={() => onProtocol(other)}>
            Use {other.toUpperCase()}
          </Button>
        ) : perhapsHttps ? (
          <Button size="sm" onClick={() => onProtocol("Https")}>
            Try HTTPS
          </Button>
        ) : (
          again
        )
      }
    >
      {result.outcome === "answered" ? facts(result) : withoutTitle(failureWords(result.message), title)}
      {perhapsHttps && " Perhaps it speaks HTTPS."}
    </Callout>
  );
}

/** The Agent's sentence, without what stands in bold above it. */
export function withoutTitle(message: string, title: string): string {
  if (!message.startsWith(title)) return message;
  const rest = message.slice(title.length).replace(/^[.:]\s*/, "");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** "200 in 9 ms · text/html, 6.1 kB · title “Status”" */
export function facts(result: ServiceTestResult): string {
  const type = [result.contentType?.split(";")[0], result.bytes == null ? null : bytes(result.bytes)]
    .filter(Boolean)
    .join(", ");
  return [
    `${result.status ?? "Answer"} in ${milliseconds(Math.round(result.elapsedMs))}`,
    type,
    result.title && `title “${result.title}”`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** A fingerprint as two lines of sixteen pairs. */
function colons(hex: string): string[] {
  const pairs = hex.replaceAll(":", "").toUpperCase().match(/../g) ?? [];
  return [pairs.slice(0, 16).join(":"), pairs.slice(16).join(":")];
}
