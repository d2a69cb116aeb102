// Requests, statistics, failures and connections of the mock Agent.
import type {
  Connection,
  FailureGroup,
  RequestDetail,
  RequestEntry,
  Stats,
  StatsPoint,
  StatusHistory,
} from "~/shared/api/types";
import { SEEDS } from "./mappings";
import { seeded } from "./random";

const SAMPLES = [
  ["app", "GET", "/orders", "page=3", 200, 62, 14_200],
  ["home", "GET", "/api/websocket", null, 101, null, 0],
  ["photos", "GET", "/thumbs/2026/04/IMG_2041.webp", null, 200, 88, 31_600],
  ["app", "GET", "/assets/index-B2x9.js", null, 304, 9, 0],
  ["api", "POST", "/v1/orders", null, 201, 141, 612],
  ["api", "GET", "/v1/reports/weekly", "format=csv", 200, 1284, 2_100_000],
  ["app", "GET", "/wp-login.php", null, 404, 7, 1100],
  ["git", "POST", "/team/site.git/git-upload-pack", null, 200, 377, 4_800_000],
  ["grafana", "GET", "/api/ds/query", null, 200, 203, 48_000],
  ["hooks", "POST", "/stripe", null, 429, 12, 88],
  ["photos", "GET", "/api/timeline", "bucket=2026-04", 200, 164, 212_000],
  ["git", "GET", "/", null, 302, 31, 0],
  ["photos", "PUT", "/upload/part/7", null, 200, 842, 120],
  ["app", "GET", "/", null, 200, 58, 9400],
  ["api", "GET", "/v1/reports/weekly", null, 502, 3, 1300],
  ["api", "GET", "/v1/health", null, 200, 18, 64],
  ["home", "GET", "/lovelace/ground-floor", null, 200, 44, 22_800],
  ["app", "GET", "/orders/88213", null, 200, 71, 11_900],
  ["git", "GET", "/team/infra.git/info/refs", "service=git-upload-pack", 401, 26, 19],
  ["photos", "GET", "/video/2026/03/clip_118.mp4", null, 206, 1902, 8_000_000],
  ["photos", "POST", "/upload", null, 504, 60_002, 1300],
] as const;

const VISITORS = [
  "198.51.100.24",
  "198.51.100.77",
  "2001:db8:44::9",
  "203.0.113.90",
  "192.0.2.188",
  "198.51.100.9",
];

export function mockRequest(index: number, at: number): RequestEntry {
  const random = seeded(index + 11);
  const sample = SAMPLES[index % SAMPLES.length] ?? SAMPLES[0];
  const [part, method, path, query, status, duration, size] = sample;
  const seed = SEEDS.find((each) => each.domain.startsWith(part)) ?? SEEDS[0];
  const failed = status >= 500;
  const wait = duration === null ? null : duration * 0.88;
  return {
    id: `01JRSX4M7Q2K9V0W3E5T8ZB${String(100_000 + index).slice(1)}`,
    at: new Date(at).toISOString(),
    mappingId: seed?.id ?? null,
    method,
    host: seed?.domain ?? "app.example.com",
    path,
    query,
    protocol: random() > 0.3 ? "HTTP/2" : "HTTP/1.1",
    kind: status === 101 ? "upgrade" : "http",
    status: failed ? null : status,
    requestBytes: 412,
    responseBytes: size,
    durationMs: duration ?? 3_600_000,
    phases: {
      gatewayMs: 1.2,
      tunnelMs: 12.4,
      connectMs: failed ? null : 0.8,
      waitMs: failed ? null : wait,
      answerMs: failed || duration === null ? null : duration * 0.1,
    },
    visitor: VISITORS[Math.floor(random() * VISITORS.length)] ?? "192.0.2.1",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0",
    failure: failed
      ? status === 504
        ? { side: "service", cause: "timed-out", message: "No answer from the service in 60 s" }
        : {
            side: "service",
            cause: "unreachable",
            message: "http://10.0.4.12:8080: 10.0.4.12:8080 refused the connection; is the service running?",
          }
      : null,
  };
}

/** Newest first. */
export function mockRequests(now: number, amount = 2000): RequestEntry[] {
  return Array.from({ length: amount }, (_, index) =>
    mockRequest(index, now - index * 1370 - (index % 7) * 90),
  );
}

export function mockRequestDetail(request: RequestEntry): RequestDetail {
  return {
    ...request,
    requestHeaders: [
      ["host", request.host],
      ["user-agent", request.userAgent ?? ""],
      ["accept", "text/html,application/xhtml+xml"],
      ["accept-language", "en-GB,en;q=0.5"],
      ["cookie", "••••"],
      ["x-forwarded-for", request.visitor],
      ["x-forwarded-proto", "https"],
      ["x-quote", "it's <b>bold</b> $HOME"],
    ],
    responseHeaders:
      request.status === null || request.failure
        ? null
        : [
            ["content-type", "text/csv; charset=utf-8"],
            ["content-disposition", 'attachment; filename="weekly-15.csv"'],
            ["cache-control", "private, no-store"],
            ["etag", 'W/"9c1-19f2a77"'],
            ["x-request-cost", "1142"],
            ["server", "api/3.8.0"],
            ["date", "Tue, 14 Apr 2026 12:32:07 GMT"],
          ],
  };
}

export function mockPoint(at: number, index: number, seconds = 60): StatsPoint {
  const random = seeded(index + 77);
  const wave = 34 + 12 * Math.sin(index / 9) + 14 * Math.max(0, (index - 38) / 22) + (random() - 0.5) * 7;
  const requests = Math.round(wave * seconds);
  return {
    at: new Date(at).toISOString(),
    tunnelUp: 1,
    requests,
    failures: {
      service: Math.round(requests * 0.004 * random()),
      tunnel: index < 15 && index > 10 ? Math.round(requests * 0.02 * random()) : 0,
      gateway: 0,
      visitor: 2,
    },
    p50Ms: 24 + random() * 5,
    p95Ms: 96 + random() * 36 + index * 0.3,
    p99Ms: 220 + random() * 90 + (index > 51 && index < 55 ? 170 : 0),
    bytesToVisitors: Math.round((5.2 + Math.cos(index / 8) * 1.8 + random() * 0.8) * 1e6 * seconds),
    bytesFromVisitors: Math.round((1.1 + random() * 0.4) * 1e6 * seconds),
  };
}

export function mockStats(now: number, mode: "traffic" | "none" | "down"): Stats {
  const last = Math.floor(now / 60_000) * 60_000;
  const from = last - 60 * 60_000;
  const points = Array.from({ length: 61 }, (_, index) => {
    const at = from + index * 60_000;
    if (index === 10) return null;
    if (mode === "down" && index >= 60) return null;
    if (mode === "none")
      return {
        ...mockPoint(at, index),
        requests: 0,
        failures: { service: 0, tunnel: 0, gateway: 0, visitor: 0 },
        p50Ms: null,
        p95Ms: null,
        p99Ms: null,
        bytesToVisitors: 0,
        bytesFromVisitors: 0,
      };
    return mockPoint(at, index, index === 60 ? Math.max(1, (now - last) / 1000) : 60);
  });
  const gap = from + 10 * 60_000 + 6000;
  const gaps = [
    { from: new Date(gap).toISOString(), to: new Date(gap + 48_000).toISOString(), reason: "Tunnel down" },
  ];
  if (mode === "down")
    gaps.push({
      from: new Date(now - 48_000).toISOString(),
      to: new Date(now).toISOString(),
      reason: "Tunnel down",
    });
  return {
    from: new Date(from).toISOString(),
    to: new Date(last).toISOString(),
    stepSeconds: 60,
    points,
    gaps,
  };
}

export function mockFailures(now: number): FailureGroup[] {
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
  const group = (
    side: FailureGroup["side"],
    cause: string,
    message: string,
    count: number,
    seed: number,
    minutes: number,
  ): FailureGroup => ({
    side,
    cause,
    message,
    count,
    mappingId: SEEDS[seed]?.id ?? null,
    lastAt: at(minutes),
    exampleRequestId: mockRequest(14, now).id,
  });
  return [
    group("service", "refused", "Service refused the connection", 212, 1, 0.4),
    group("service", "timed-out", "No answer from the service in 60 s", 38, 2, 3),
    group("service", "closed", "Service closed before the headers", 96, 3, 14),
    group("tunnel", "down", "The tunnel was down", 14, 0, 49),
    group("visitor", "gone", "The visitor went away", 7, 5, 180),
  ];
}

export function mockConnections(now: number, up: boolean): Connection[] {
  const minutes = (value: number) => new Date(now - value * 60_000).toISOString();
  const row = (
    id: number,
    start: number,
    end: number | null,
    outcome: Connection["outcome"],
    code: number | null,
    reason: string | null,
    requests: number,
    bytes: number,
  ): Connection => ({
    id: String(id),
    connectedAt: outcome === "refused" || outcome === "failed" ? null : minutes(start),
    attemptedAt: minutes(start + 0.01),
    endedAt: end === null ? null : minutes(end),
    durationSeconds: end === null ? start * 60 : (start - end) * 60,
    outcome,
    code: code === null ? null : String(code),
    reason,
    lanes: 4,
    bytesIn: bytes * 0.1,
    bytesOut: bytes * 0.9,
    requests,
    gatewayVersion: outcome === "refused" ? null : "1.4.2",
    gatewayAddress: "203.0.113.7:443",
  });
  return [
    ...(up
      ? [row(9, 49, null, "open", null, null, 112_806, 18.2e9)]
      : [
          row(10, 0.1, 0.1, "failed", null, "Connection refused by 203.0.113.7:443", 0, 0),
          row(9, 49, 0.8, "lost", 1006, "Network lost, no close frame", 112_806, 18.2e9),
        ]),
    row(8, 181, 50, "closed", 1012, "The Gateway restarted", 311_204, 41.7e9),
    row(7, 182, 181.1, "lost", 4008, "No heartbeat for 15 s", 203, 12e6),
    row(6, 692, 183, "lost", 1006, "Network lost, no close frame", 702_118, 96.3e9),
    row(5, 693, 692.4, "closed", 1000, "Reconnect asked for by a person", 14, 220e3),
    row(4, 1220, 694, "closed", 1012, "The Gateway was updated to 1.4.2", 588_910, 70.1e9),
    row(3, 1221, 1221, "refused", null, "Refused: the API key does not match", 0, 0),
    row(2, 1222, 1222, "refused", null, "Refused: the API key does not match", 0, 0),
    row(1, 3090, 1223, "closed", 1001, "This Agent was restarted", 2_240_771, 288e9),
  ];
}

export function mockHistory(now: number): StatusHistory {
  const hours = (value: number) => new Date(now - value * 3_600_000).toISOString();
  return {
    from: hours(168),
    to: hours(0),
    spans: [
      { from: hours(168), to: hours(160), state: "unknown", cause: null },
      { from: hours(160), to: hours(58.02), state: "up", cause: null },
      { from: hours(58.02), to: hours(58), state: "down", cause: "The Gateway restarted" },
      { from: hours(58), to: hours(26.4), state: "up", cause: null },
      { from: hours(26.4), to: hours(25.1), state: "down", cause: "Network lost, no close frame" },
      { from: hours(25.1), to: hours(3.1), state: "up", cause: null },
      { from: hours(3.1), to: hours(3.0), state: "down", cause: "No heartbeat for 15 s" },
      { from: hours(3.0), to: hours(0), state: "up", cause: null },
    ],
  };
}
