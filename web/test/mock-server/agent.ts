// A mock Agent: answers the management API from memory, typed by the generated schema. For tests and `npm run dev:mock` only.
import type {
  LogSource,
  Mapping,
  MappingInput,
  RequestEntry,
  ServiceTest,
  ServiceTestResult,
} from "~/shared/api/types";
import { LINES, mockHistogram, mockLine, mockLogPage } from "./logs";
import { mockMapping, mockMappingStats, SEEDS } from "./mappings";
import {
  LANDING_DEFAULT,
  mockCaddy,
  mockDiagnosis,
  mockImport,
  mockSessions,
  mockSignInFailures,
} from "./settings";
import { mockStatus } from "./status";
import {
  mockConnections,
  mockFailures,
  mockHistory,
  mockPoint,
  mockRequest,
  mockRequestDetail,
  mockRequests,
  mockStats,
} from "./traffic";

export const SCENARIOS = [
  "healthy",
  "first-run",
  "tunnel-down",
  "locked",
  "update",
  "signed-out",
  "many",
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** The password of the mock Agent. */
export const PASSWORD = "octopus";

type Handler = (request: Request, url: URL, parts: string[]) => Response | Promise<Response>;

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

export function problem(status: number, code: string, message: string, extra: object = {}): Response {
  const body = {
    type: "about:blank",
    title: message,
    status,
    detail: message,
    message,
    code,
    requestId: "01JRSXMOCK",
    ...extra,
  };
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if ("retryAfterSeconds" in extra) headers["retry-after"] = String(extra.retryAfterSeconds);
  return new Response(JSON.stringify(body), { status, headers });
}

export class MockAgent {
  scenario: Scenario;
  mappings: Mapping[];
  requests: RequestEntry[];
  signedIn: boolean;
  landing = LANDING_DEFAULT;
  isDefault = false;
  /** Answers set by a test for "METHOD /path"; each is used instead of the built-in one. */
  overrides = new Map<string, Handler>();
  /** What was called, as "METHOD /path". */
  calls: string[] = [];
  #newestLine = LINES;
  #wrong = 0;
  #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #eventId = 0;

  constructor(scenario: Scenario = "healthy") {
    const now = Date.now();
    this.scenario = scenario;
    this.signedIn = scenario !== "signed-out" && scenario !== "locked";
    this.mappings = scenario === "first-run" ? [] : SEEDS.map((seed) => mockMapping(seed, now));
    if (scenario === "many") {
      const [first] = SEEDS;
      if (first)
        for (let index = 0; index < 491; index += 1)
          this.mappings.push(
            mockMapping(
              {
                ...first,
                id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
                name: `Service ${index}`,
                domain: `service-${index}.example.com`,
              },
              now,
            ),
          );
    }
    this.requests = scenario === "first-run" ? [] : mockRequests(now);
  }

  /** Sends an event to every open stream, as the Agent would. */
  emit(event: string, data: unknown): void {
    this.#eventId += 1;
    const text = `id: mock-${this.#eventId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    const bytes = new TextEncoder().encode(text);
    for (const stream of this.#streams) stream.enqueue(bytes);
  }

  /** Breaks every open stream, as a lost network would. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.error(new Error("cut"));
    this.#streams.clear();
  }

  /** One second of life: a request, a log line, the running minute. */
  tick(): void {
    const now = Date.now();
    if (this.scenario === "first-run" || this.scenario === "tunnel-down") return;
    const request = mockRequest(Math.floor(Math.random() * 1000), now);
    const entry = { ...request, id: `01JRSX4M7Q2K9V0W3LIVE${now}` };
    this.requests.unshift(entry);
    this.emit("request", entry);
    this.#newestLine += 1;
    this.emit("gateway-log", mockLine("gateway", this.#newestLine, this.#newestLine, now));
    this.emit("agent-log", mockLine("agent", this.#newestLine, this.#newestLine, now));
    const minute = Math.floor(now / 60_000) * 60_000;
    this.emit("stats", mockPoint(minute, 60, Math.max(1, (now - minute) / 1000)));
  }

  async handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/api\/v1/, "");
    const key = `${request.method} ${path}`;
    this.calls.push(key);
    const override = this.overrides.get(key);
    if (override) return override(request, url, []);
    if (path.startsWith("/auth/")) return this.#auth(request, path);
    if (!this.signedIn) return problem(401, "no-session", "There is no session. Sign in first.");
    const parts = path.split("/").slice(1);
    return (await this.#route(request, url, parts)) ?? problem(404, "not-found", "There is no such thing.");
  }

  async #auth(request: Request, path: string): Promise<Response> {
    const expiresAt = new Date(Date.now() + 900_000).toISOString();
    const now = Date.now();
    if (path === "/auth/login") return this.#login(request, expiresAt);
    if (!this.signedIn) return problem(401, "no-session", "There is no session. Sign in first.");
    if (path === "/auth/refresh") return json({ expiresAt });
    if (path === "/auth/session")
      return json({ expiresAt, sessionId: "a", createdAt: expiresAt, address: "10.0.4.50" });
    if (path === "/auth/sessions" && request.method === "GET") return json({ sessions: mockSessions(now) });
    if (path === "/auth/failures") return json({ failures: mockSignInFailures(now) });
    if (path === "/auth/logout" || path === "/auth/sessions") this.signedIn = false;
    return new Response(null, { status: 204 });
  }

  async #login(request: Request, expiresAt: string): Promise<Response> {
    if (this.scenario === "locked")
      return problem(429, "locked-out", "Sign in is locked.", {
        retryAfterSeconds: 277,
        nextLockSeconds: 900,
      });
    const { password } = await request.json();
    if (password === PASSWORD) {
      this.signedIn = true;
      return json({ expiresAt });
    }
    this.#wrong += 1;
    if (this.#wrong > 5)
      return problem(429, "locked-out", "Sign in is locked.", {
        retryAfterSeconds: 60,
        nextLockSeconds: 300,
      });
    return problem(401, "wrong-password", "The password is wrong.", {
      triesLeft: 5 - this.#wrong,
      nextLockSeconds: 60,
    });
  }

  #route(request: Request, url: URL, parts: string[]): Response | Promise<Response> | null {
    const now = Date.now();
    const [area, second, third] = parts;
    const query = url.searchParams;
    switch (area) {
      case "status":
        return json(second === "history" ? mockHistory(now) : mockStatus(this.scenario, this.mappings, now));
      case "reconnect":
        return json({ message: "The Agent dials again." }, 202);
      case "events":
        return this.#events();
      case "mappings":
        return this.#mappings(request, second, third);
      case "dns":
        return json(this.#dns(query.get("name") ?? ""));
      case "stats":
        if (second === "mappings")
          return json({
            since: new Date(now).toISOString(),
            mappings: this.scenario === "first-run" ? [] : mockMappingStats(),
          });
        if (second === "failures")
          return json({ groups: this.scenario === "first-run" ? [] : mockFailures(now) });
        return json(
          mockStats(
            now,
            this.scenario === "first-run" ? "none" : this.scenario === "tunnel-down" ? "down" : "traffic",
          ),
        );
      case "request-logs":
        return this.#requestLogs(second, query);
      case "connection-logs":
        return json({ connections: mockConnections(now, this.scenario !== "tunnel-down"), nextCursor: null });
      case "agent":
      case "gateway":
        return this.#logs(area, second, third, query, now);
      case "settings":
        return this.#landing(request, third);
      case "import-export":
        return this.#importExport(second, query, now);
      case "test": {
        const [mapping] = this.mappings;
        return mapping
          ? json(mockDiagnosis(mapping, now))
          : problem(404, "no-mapping", "No mapping has this host.");
      }
      default:
        return null;
    }
  }

  #events(): Response {
    let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        this.#streams.add(controller);
        controller.enqueue(new TextEncoder().encode(": hello\n\n"));
      },
      cancel: () => {
        if (mine) this.#streams.delete(mine);
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }

  async #mappings(request: Request, id: string | undefined, action: string | undefined): Promise<Response> {
    if (id === "test") return json(testService(await request.json()));
    if (!id && request.method === "GET")
      return json({ mappings: this.mappings, total: this.mappings.length });
    if (!id) return this.#save(null, await request.json());
    const found = this.mappings.find((mapping) => mapping.id === id);
    if (!found) return problem(404, "not-found", "There is no such mapping.");
    if (request.method === "GET") return json(found);
    if (request.method === "DELETE") {
      this.mappings = this.mappings.filter((mapping) => mapping.id !== id);
      return new Response(null, { status: 204 });
    }
    if (action === "toggle") {
      const { enabled } = await request.json();
      return this.#store({
        ...found,
        enabled,
        gateway: { state: enabled ? "live" : "off", reason: null, since: new Date().toISOString() },
      });
    }
    return this.#save(found, await request.json());
  }

  #save(found: Mapping | null, input: MappingInput): Response {
    const taken = this.mappings.find(
      (mapping) => mapping.externalDomain === input.externalDomain && mapping.id !== found?.id,
    );
    if (taken) {
      const message = `The mapping “${taken.name}” already uses ${input.externalDomain}.`;
      return problem(409, "domain-taken", message, { errors: { externalDomain: [message] } });
    }
    const [seed] = SEEDS;
    if (!seed) throw new Error("no seeds");
    const base = found ?? mockMapping({ ...seed, id: crypto.randomUUID() }, Date.now());
    const enabled = input.enabled ?? true;
    const saved: Mapping = {
      ...base,
      name: input.name ?? base.name,
      externalDomain: input.externalDomain,
      internalHost: input.internalHost,
      internalPort: input.internalPort,
      internalProtocol: input.internalProtocol ?? "Http",
      allowInvalidCertificates: input.allowInvalidCertificates ?? false,
      pinnedCertificate: input.pinnedCertificate ?? null,
      enabled,
      gateway: { state: enabled ? "live" : "off", reason: null, since: new Date().toISOString() },
    };
    return this.#store(saved, found ? 200 : 201);
  }

  #store(mapping: Mapping, status = 200): Response {
    const known = this.mappings.some((each) => each.id === mapping.id);
    this.mappings = known
      ? this.mappings.map((each) => (each.id === mapping.id ? mapping : each))
      : [...this.mappings, mapping];
    return json(mapping, status);
  }

  #dns(name: string) {
    const here = ["203.0.113.7"];
    if (name.startsWith("none."))
      return {
        name,
        outcome: "none",
        addresses: [],
        gatewayAddresses: here,
        message: `${name} has no address.`,
      };
    if (name.startsWith("away."))
      return {
        name,
        outcome: "elsewhere",
        addresses: ["198.51.100.1"],
        gatewayAddresses: here,
        message: "It points elsewhere.",
      };
    return {
      name,
      outcome: "gateway",
      addresses: here,
      gatewayAddresses: here,
      message: "It points to this Gateway.",
    };
  }

  #requestLogs(id: string | undefined, query: URLSearchParams): Response {
    if (id) {
      const found = this.requests.find((request) => request.id === id) ?? {
        ...mockRequest(14, Date.now()),
        id,
      };
      return json(mockRequestDetail(found));
    }
    const status = query.get("status");
    const rows = this.requests.filter(
      (request) =>
        (!query.get("mapping") || request.mappingId === query.get("mapping")) &&
        (!query.get("method") || request.method === query.get("method")) &&
        (!query.get("side") || request.failure?.side === query.get("side")) &&
        (!status ||
          (status.endsWith("xx")
            ? String(request.status).startsWith(status.charAt(0))
            : String(request.status ?? "none") === status)) &&
        `${request.path} ${request.host} ${request.visitor} ${request.id}`.includes(query.get("q") ?? ""),
    );
    const start = Number(query.get("cursor") ?? 0);
    const limit = Number(query.get("limit") ?? 100);
    return json({
      requests: rows.slice(start, start + limit),
      nextCursor: start + limit < rows.length ? String(start + limit) : null,
    });
  }

  #logs(
    source: LogSource,
    second: string | undefined,
    third: string | undefined,
    query: URLSearchParams,
    now: number,
  ): Response | Promise<Response> {
    if (second === "caddy-config")
      return json({
        config: mockCaddy(this.mappings),
        readAt: new Date(now).toISOString(),
        available: true,
        message: "",
      });
    if (second === "update")
      return json({
        success: true,
        message: "The Gateway took the request.",
        error: null,
        agentVersion: "1.4.2",
        gatewayVersion: "1.4.1",
        status: "Queued",
      });
    if (third === "histogram") return json(mockHistogram(now));
    const before = Number(query.get("beforeId") ?? this.#newestLine + 1);
    return json(
      mockLogPage({
        source,
        before,
        count: Number(query.get("count") ?? 100),
        level: query.get("level") ?? "trace",
        q: query.get("q") ?? "",
        newestId: this.#newestLine,
        now,
      }),
    );
  }

  async #landing(request: Request, third: string | undefined): Promise<Response> {
    if (third === "default") return json({ html: LANDING_DEFAULT });
    if (request.method === "PUT") {
      this.landing = (await request.json()).html;
      return json({ hash: "4f2a" });
    }
    if (request.method === "DELETE") {
      this.landing = LANDING_DEFAULT;
      return new Response(null, { status: 204 });
    }
    return json({ html: this.landing, hash: "4f2a", isDefault: this.isDefault });
  }

  #importExport(second: string | undefined, query: URLSearchParams, now: number): Response {
    if (second === "export")
      return json({
        format: "octoporty-export",
        formatVersion: 1,
        exportedAt: new Date(now).toISOString(),
        agentVersion: "1.4.2",
        mappings: this.mappings,
        landingPage: this.landing,
      });
    if (second === "sqlite")
      return new Response(new Uint8Array(200_000), {
        headers: { "content-type": "application/vnd.sqlite3", "content-length": "200000" },
      });
    const result = mockImport(query.get("skip"), query.get("dryRun") === "true");
    return json(result, result.refused > 0 && !result.dryRun ? 422 : 200);
  }
}

function testService(input: ServiceTest): ServiceTestResult {
  const base: ServiceTestResult = {
    outcome: "answered",
    message: "The service answers.",
    status: 200,
    contentType: "text/html; charset=utf-8",
    title: "Status",
    bytes: 6100,
    elapsedMs: 9,
    address: `${input.internalHost}:${input.internalPort}`,
    fingerprint: null,
  };
  const not = (outcome: ServiceTestResult["outcome"], message: string): ServiceTestResult => ({
    ...base,
    outcome,
    message,
    status: null,
    contentType: null,
    title: null,
    bytes: null,
  });
  if (input.internalPort === 8080)
    return not(
      "refused",
      `Connection refused. Nothing listens on ${input.internalHost}:8080. In Docker, use the name of the service, not localhost.`,
    );
  if (input.internalHost.startsWith("169.254."))
    return not(
      "not-allowed",
      "169.254.0.0/16 holds cloud metadata. Change Agent__UpstreamDenyList if you mean it.",
    );
  if (input.internalPort === 8443 && input.internalProtocol === "Http")
    return not("speaks-https", "The service expects TLS on this port.");
  if (input.internalPort === 3443 && !input.pinnedCertificate) {
    return {
      ...base,
      outcome: "certificate-unknown",
      message: "The service answers in 14 ms, but its certificate is self-signed.",
      fingerprint: "7c410e9bd25518af6320c8775de1049abb36f012e7832f60c14a950d78eb31a6",
    };
  }
  return base;
}
