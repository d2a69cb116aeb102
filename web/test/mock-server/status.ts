// The status of the mock Agent in each scenario.
import type { Mapping, Status } from "~/shared/api/types";
import type { Scenario } from "./agent";

export function mockStatus(scenario: Scenario, mappings: readonly Mapping[], now: number): Status {
  const down = scenario === "tunnel-down";
  const fresh = scenario === "first-run";
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  const enabled = mappings.filter((mapping) => mapping.enabled).length;
  return {
    connectionStatus: down ? "Reconnecting" : "Connected",
    gatewayUrl: "wss://gateway.example.com",
    lastConnected: ago(fresh ? 130 : 49 * 60),
    lastDisconnected: fresh ? null : ago(down ? 48 : 49 * 60 + 48),
    reconnectAttempts: down ? 4 : 0,
    uptimeSeconds: fresh ? 150 : 72_000,
    version: "1.4.2",
    activeMappings: enabled,
    gatewayVersion: down ? null : scenario === "update" ? "1.4.1" : "1.4.2",
    gatewayUptime: down ? null : fresh ? 360 : 49 * 60,
    gatewayUpdateAvailable: scenario === "update",
    lastError: down ? "connection refused by 203.0.113.7:443" : null,
    roundTripMs: down ? null : 23.4,
    gatewayHost: "gateway.example.com",
    agentHost: "nas-01",
    agentName: "nas-01",
    lanes: 4,
    sessionId: down ? null : "7f3a",
    connectedSince: down ? null : ago(fresh ? 130 : 49 * 60),
    nextAttemptAt: down ? new Date(now + 8400).toISOString() : null,
    lastLoss: fresh
      ? null
      : down
        ? { at: ago(48), durationSeconds: null, cause: "the network was lost", code: "1006" }
        : { at: ago(49 * 60 + 48), durationSeconds: 48, cause: "the Gateway restarted", code: "1012" },
    unsaved: [],
    recording: "on",
    unrecorded: 0,
    mappings: { total: mappings.length, enabled, live: down ? 0 : enabled },
  };
}
