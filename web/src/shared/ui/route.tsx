// The route of a mapping in one line: public name, dot, line, dot, service. The line says its state, and a word does too.
import { Lock } from "lucide-react";
import type { Mapping } from "../api/types";
import { failureWords } from "../lib/failure-words";
import { Tooltip } from "./tooltip";

export type RouteState = "on" | "off" | "pending" | "failing";

export function routeState(mapping: Mapping): RouteState {
  if (!mapping.enabled) return "off";
  if (mapping.gateway.state === "refused" || mapping.health.state === "failing") return "failing";
  return mapping.gateway.state === "pending" ? "pending" : "on";
}

/** Why a route is not simply on; null when there is nothing to say. */
export function routeProblem(mapping: Mapping): string | null {
  if (!mapping.enabled) return null;
  if (mapping.gateway.state === "refused")
    return `The Gateway refused it: ${mapping.gateway.reason ?? "no reason given"}`;
  if (mapping.health.state === "failing")
    return failureWords(mapping.health.error ?? "The service fails, and no reason is given.");
  if (mapping.gateway.state === "pending")
    return mapping.gateway.reason ?? "Saved; the Gateway has not confirmed it yet.";
  return null;
}

const WORDS: Record<RouteState, string> = {
  on: "leads to",
  off: "off, would lead to",
  pending: "waits for the Gateway, will lead to",
  failing: "fails on the way to",
};

export function serviceAddress(mapping: Mapping): string {
  const host = mapping.internalHost.includes(":") ? `[${mapping.internalHost}]` : mapping.internalHost;
  return `${host}:${mapping.internalPort}`;
}

export function RouteLine({ state }: { state: RouteState }) {
  return (
    <>
      <span className="route-line" data-state={state} aria-hidden />
      <span className="sr-only">{WORDS[state]}</span>
    </>
  );
}

export function Service({ mapping, scheme }: { mapping: Mapping; scheme?: boolean }) {
  const secure = mapping.internalProtocol === "Https";
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-2">
      <span className="mono truncate text-muted">
        {scheme && (secure ? "https://" : "http://")}
        {serviceAddress(mapping)}
      </span>
      {secure && (
        <Tooltip
          text={mapping.pinnedCertificate ? "HTTPS, this one certificate is trusted" : "HTTPS to the service"}
        >
          <span className="text-success">
            <Lock size={14} strokeWidth={1.75} aria-hidden />
            <span className="sr-only">over HTTPS</span>
          </span>
        </Tooltip>
      )}
    </span>
  );
}
