// Log lines of the mock Agent and the mock Gateway.
import type { LogHistogram, LogLine, LogSource } from "~/shared/api/types";
import { seeded } from "./random";

type Sample = readonly [LogLine["level"], string, string, Record<string, string | number>];

const GATEWAY: readonly Sample[] = [
  ["info", "gateway::http", "GET /v1/orders", { host: "api.example.com", status: 200, duration: "120ms" }],
  ["debug", "gateway::http", "stream 48184 closed", { bytes_out: 38_989, duration: "39ms" }],
  ["info", "gateway::tunnel", "heartbeat from nas-01", { rtt: "23ms", streams: 41 }],
  ["debug", "gateway::caddy", "routes compared", { wanted: 7, found: 7, changed: 0 }],
  ["warn", "gateway::limits", "visitor 192.0.2.188 slowed down", { rule: "per-address", limit: "50/s" }],
  [
    "info",
    "gateway::http",
    "GET /thumbs/2026/04/IMG_2041.webp",
    { host: "photos.example.com", status: 200, duration: "88ms" },
  ],
  [
    "error",
    "gateway::proxy",
    "no answer headers: connection reset by the service\ncaused by: read from 10.0.4.12:8080\ncaused by: Connection reset by peer (os error 104)",
    {
      request: "01JRSX4M7Q2K9V0W3E5T8ZB00014",
      host: "api.example.com",
      method: "GET",
      path: "/v1/reports/weekly",
      mapping: "API",
      stream: 48_201,
      phase: "waiting for headers",
      elapsed: "3 ms",
    },
  ],
  [
    "warn",
    "gateway::http",
    "GET /v1/reports/weekly",
    { host: "api.example.com", status: 502, duration: "3ms" },
  ],
  [
    "info",
    "gateway::http",
    "PUT /upload/part/7",
    { host: "photos.example.com", status: 200, duration: "842ms" },
  ],
  ["debug", "gateway::http", "304 from the service, body skipped", { etag: 'W/"b2x9"' }],
  ["info", "gateway::ws", "upgraded", { host: "home.example.com", path: "/api/websocket", stream: 48_211 }],
  [
    "info",
    "gateway::http",
    "a visitor sent \u001b[31mred\u001b[0m and <script>alert(1)</script>",
    { agent: "curl/8\u202e" },
  ],
];

const AGENT: readonly Sample[] = [
  ["info", "agent::tunnel", "heartbeat", { rtt: "22ms", streams: 38 }],
  ["warn", "agent::upstream", "slow answer", { host: "photos.example.com", waited: "31s", limit: "60s" }],
  ["info", "agent::store", "request log trimmed", { rows: 17_931, kept: "14d", took: "198ms" }],
  ["error", "agent::upstream", "connection refused", { host: "api.example.com", address: "10.0.4.12:8080" }],
  ["debug", "agent::api", "events stream opened", { client: "3f" }],
  ["info", "agent::state", "Syncing → Connected", { down: "48s" }],
  ["info", "agent::api", "mapping “Docs preview” turned off", { by: "session 3f", from: "10.0.4.50" }],
];

/** How many lines the mock holds. */
export const LINES = 20_000;

/** Line `id`; ids rise by one and the newest has `LINES + added`. */
export function mockLine(source: LogSource, id: number, newestId: number, now: number): LogLine {
  const samples = source === "gateway" ? GATEWAY : AGENT;
  const random = seeded(id);
  const [level, target, message, fields] = samples[Math.floor(random() * samples.length)] ?? [
    "info",
    "agent",
    "",
    {},
  ];
  return {
    id,
    timestamp: new Date(now - (newestId - id) * 610).toISOString(),
    level,
    target,
    message,
    requestId: typeof fields.request === "string" ? fields.request : null,
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])),
  };
}

const ORDER = ["trace", "debug", "info", "warn", "error"];

interface Page {
  source: LogSource;
  before: number;
  count: number;
  level: string;
  q: string;
  newestId: number;
  now: number;
}

/** Newest first. */
export function mockLogPage({ source, before, count, level, q, newestId, now }: Page): {
  logs: LogLine[];
  hasMore: boolean;
} {
  const logs: LogLine[] = [];
  let id = Math.min(before - 1, newestId);
  for (; id > 0 && logs.length < count; id -= 1) {
    const line = mockLine(source, id, newestId, now);
    const text = `${line.message} ${line.target} ${Object.entries(line.fields)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ")}`;
    if (ORDER.indexOf(line.level) >= ORDER.indexOf(level) && text.toLowerCase().includes(q.toLowerCase()))
      logs.push(line);
  }
  return { logs, hasMore: id > 0 };
}

export function mockHistogram(now: number): LogHistogram {
  const from = Math.floor(now / 60_000) * 60_000 - 59 * 60_000;
  const random = seeded(5);
  const minutes = Array.from({ length: 60 }, (_, index) => ({
    at: new Date(from + index * 60_000).toISOString(),
    error: index === 12 ? 9 : random() > 0.93 ? 1 : 0,
    warn: random() > 0.7 ? Math.ceil(random() * 4) : 0,
    info: index === 11 ? 0 : 14 + Math.round(random() * 16),
    trace: 0,
    debug: index === 11 ? 0 : 30 + Math.round(random() * 18),
  }));
  return { from: new Date(from).toISOString(), stepSeconds: 60, minutes };
}
