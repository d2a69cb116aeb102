// Settings, Caddy's configuration and the inspector's answer of the mock Agent.
import type { Diagnosis, ImportResult, Mapping, SessionRow, SignInFailure } from "~/shared/api/types";
import { mockLine } from "./logs";

export const LANDING_DEFAULT = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Example Labs</title>
  <style>
    body { font: 17px/1.6 system-ui; margin: 0;
           min-height: 100vh; display: grid;
           place-items: center; }
    h1 { font-size: 2.2rem; margin: 0; }
  </style>
</head>
<body>
  <main>
    <h1>Example Labs</h1>
    <p>You have reached our front door.</p>
    <a href="mailto:ops@example.com">ops@example.com</a>
  </main>
</body>
</html>
`;

export function mockSessions(now: number): SessionRow[] {
  const ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString();
  const later = new Date(now + 6 * 86_400_000).toISOString();
  return [
    {
      id: "a",
      current: true,
      createdAt: ago(0.1),
      lastUsedAt: ago(0),
      expiresAt: later,
      address: "10.0.4.50",
      userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:149.0) Gecko/20100101 Firefox/149.0",
    },
    {
      id: "b",
      current: false,
      createdAt: ago(60),
      lastUsedAt: ago(2),
      expiresAt: later,
      address: "10.0.4.61",
      userAgent:
        "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Mobile Safari/537.36",
    },
    {
      id: "c",
      current: false,
      createdAt: ago(140),
      lastUsedAt: ago(17),
      expiresAt: later,
      address: "100.88.14.2",
      userAgent:
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15",
    },
  ];
}

export function mockSignInFailures(now: number): SignInFailure[] {
  return [2, 3, 4, 5, 6, 300, 310].map((minutes, index) => ({
    at: new Date(now - minutes * 60_000).toISOString(),
    address: index < 5 ? "192.0.2.188" : "10.0.4.61",
    userAgent: "curl/8.14.1",
    lockedSeconds: index === 0 ? 300 : 0,
  }));
}

export function mockCaddy(mappings: readonly Mapping[]): unknown {
  const routes: unknown[] = mappings
    .filter((mapping) => mapping.enabled)
    .map((mapping) => ({
      "@id": `octoporty-${mapping.id.replaceAll("-", "")}`,
      match: [{ host: [mapping.externalDomain] }],
      handle: [{ handler: "reverse_proxy", upstreams: [{ dial: "gateway:17200" }], flush_interval: -1 }],
      terminal: true,
    }));
  routes.push({
    match: [{ host: ["mail.example.com"] }],
    handle: [{ handler: "reverse_proxy", upstreams: [{ dial: "mail:8080" }] }],
  });
  return {
    admin: { listen: "0.0.0.0:2019" },
    apps: {
      http: { servers: { srv0: { listen: [":443", ":80"], routes } } },
      tls: { automation: { policies: [{ issuers: [{ module: "acme", email: "(redacted)" }] }] } },
    },
  };
}

export function mockDiagnosis(mapping: Mapping, now: number): Diagnosis {
  const body = (token: string) =>
    [
      "<!doctype html>",
      ...Array.from({ length: 37 }, (_, line) => `<!-- line ${line + 2} -->`),
      '<main id="orders">',
      "  <h1>Orders</h1>",
      `  <meta name="csrf" content="${token}">`,
      '  <table class="orders">',
      "    <tr><td>88213</td><td>Open</td></tr>",
      ...Array.from({ length: 171 }, (_, line) => `  <!-- tail ${line} -->`),
    ].join("\n");
  const side = (tunnel: boolean): Diagnosis["gateway"] => ({
    ok: true,
    status: 200,
    httpVersion: tunnel ? "HTTP/2" : "HTTP/1.1",
    headers: [
      ["content-type", "text/html; charset=utf-8"],
      ["etag", 'W/"2f1c-81a"'],
    ],
    body: {
      encoding: "utf8",
      text: body(tunnel ? "40cd…f2" : "b71e…09"),
      bytes: 12_060,
      truncated: false,
      contentType: "text/html; charset=utf-8",
    },
    timing: tunnel
      ? { dnsMs: 1.1, connectMs: 8.4, tlsMs: 14.2, waitMs: 58.4, bodyMs: 6.9, totalMs: 89 }
      : { dnsMs: null, connectMs: 0.7, tlsMs: null, waitMs: 55.2, bodyMs: 6.1, totalMs: 62 },
    error: null,
  });
  return {
    requestId: "01JRSXA0C4N8Q2K9V0W3E5T8ZB",
    mapping,
    gateway: side(true),
    agent: side(false),
    headerDiff: [
      {
        name: "content-encoding",
        gateway: "br",
        agent: "gzip",
        kind: "changed",
        expected: true,
        reason: "the TLS front compresses anew",
      },
      {
        name: "strict-transport-security",
        gateway: "max-age=31536000",
        agent: null,
        kind: "added",
        expected: true,
        reason: "set by the TLS front",
      },
      {
        name: "x-octoporty-request-id",
        gateway: "01JRSXA0C4N8",
        agent: null,
        kind: "added",
        expected: true,
        reason: "set by the Gateway",
      },
      {
        name: "x-powered-by",
        gateway: null,
        agent: "Express",
        kind: "removed",
        expected: false,
        reason: null,
      },
      {
        name: "connection",
        gateway: null,
        agent: "keep-alive",
        kind: "removed",
        expected: true,
        reason: "hop by hop",
      },
      {
        name: "content-type",
        gateway: "text/html; charset=utf-8",
        agent: "text/html; charset=utf-8",
        kind: "same",
        expected: true,
        reason: null,
      },
      {
        name: "etag",
        gateway: 'W/"2f1c-81a"',
        agent: 'W/"2f1c-81a"',
        kind: "same",
        expected: true,
        reason: null,
      },
      {
        name: "set-cookie",
        gateway: "sid=…; Path=/; HttpOnly; Secure",
        agent: "sid=…; Path=/; HttpOnly; Secure",
        kind: "same",
        expected: true,
        reason: null,
      },
    ],
    bodyDiff: { same: false, kind: "text", note: "1 of 214 lines differs" },
    verdict: {
      level: "info",
      message:
        "Same page, 27 ms slower through the tunnel. Four of five differing headers are expected; one line of the body differs.",
    },
    gatewayLogs: [1, 2, 3].map((id) => mockLine("gateway", id, 3, now)),
  };
}

export function mockImport(skip: string | null, dryRun: boolean): ImportResult {
  const skipped = (skip ?? "").split(",").includes("11");
  return {
    dryRun,
    created: 2,
    updated: 2,
    unchanged: 7,
    refused: skipped ? 0 : 1,
    skipped: skipped ? 1 : 0,
    landingPage: "unchanged",
    rows: [
      {
        row: 1,
        externalDomain: "jellyfin.example.com",
        name: "Jellyfin",
        action: "create",
        changes: [],
        errors: [],
      },
      {
        row: 2,
        externalDomain: "paste.example.com",
        name: "Paste",
        action: "create",
        changes: [],
        errors: [],
      },
      {
        row: 3,
        externalDomain: "app.example.com",
        name: "Web app",
        action: "update",
        changes: ["internalHost", "internalPort"],
        errors: [],
      },
      {
        row: 4,
        externalDomain: "grafana.example.com",
        name: "Grafana",
        action: "update",
        changes: ["enabled"],
        errors: [],
      },
      {
        row: 11,
        externalDomain: "bad_host.example.com",
        name: "Bad",
        action: skipped ? "skipped" : "refused",
        changes: [],
        errors: skipped ? [] : ["“_” is not allowed in a domain name"],
      },
      {
        row: 5,
        externalDomain: "api.example.com",
        name: "API",
        action: "unchanged",
        changes: [],
        errors: [],
      },
    ],
  };
}
