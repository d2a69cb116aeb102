// What is known about a public name while it is typed: whether another mapping has it, and where its DNS record points.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { mappingsQuery } from "~/shared/api/queries";
import type { DnsAnswer, Mapping } from "~/shared/api/types";
import { useDebounced } from "~/shared/lib/use-debounced";
import { dnsQuery } from "../api";
import { domainProblem, tidyDomain } from "./schema";

/** DNS is asked once the name has been still for this long, in milliseconds. */
const STILL_MS = 600;

/** The other mapping that already has this name. */
export function useHolder(domain: string, ownId: string | null): Mapping | undefined {
  const mappings = useQuery(mappingsQuery).data?.mappings;
  const name = tidyDomain(domain);
  return mappings?.find((mapping) => mapping.externalDomain === name && mapping.id !== ownId);
}

export function TakenNote({ holder }: { holder: Mapping }) {
  return (
    <>
      The mapping “{holder.name}” already uses {holder.externalDomain}. Choose another name, or{" "}
      <Link to="/mappings/$id" params={{ id: holder.id }} className="underline underline-offset-3">
        edit “{holder.name}”
      </Link>
      .
    </>
  );
}

interface DnsNoteProps {
  domain: string;
  /** The mapping is there already. */
  saved?: boolean;
}

export function DnsNote({ domain, saved = false }: DnsNoteProps) {
  const name = useDebounced(tidyDomain(domain), STILL_MS);
  const valid = domainProblem(name) === null;
  const { data, isFetching, isError } = useQuery({ ...dnsQuery(name), enabled: valid });
  if (!valid || isError) return <>The name that visitors type, such as app.example.com.</>;
  if (!data) return isFetching ? <>Looking up {name}…</> : null;
  return <Answer answer={data} saved={saved} />;
}

function Answer({ answer, saved }: { answer: DnsAnswer; saved: boolean }): ReactNode {
  const here = answer.gatewayAddresses.join(", ");
  switch (answer.outcome) {
    case "gateway":
      return (
        <>
          <span className="text-success">Points to this Gateway</span> ({answer.addresses.join(", ")}). The
          certificate comes by itself on the first visit.
        </>
      );
    case "elsewhere":
      return (
        <>
          <span className="text-warning">Points to {answer.addresses.join(", ")}, not to this Gateway</span>
          {here && ` (${here})`}. Fine if a proxy stands before it; else change the DNS record.
        </>
      );
    case "none":
      return (
        <>
          <span className="text-warning">No DNS record yet.</span>{" "}
          {here ? `Point it to ${here}.` : answer.message}
          {!saved && " You can save before that."}
        </>
      );
    case "failed":
      return <span className="text-warning">{answer.message}</span>;
    default:
      return answer.message;
  }
}
