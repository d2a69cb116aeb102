// Answers `/api` from the mock Agent, for `npm run dev:mock` and for the screenshots. `POST /__mock/NAME` changes the scenario.
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Plugin } from "vite";
import { MockAgent, SCENARIOS } from "../../test/mock-server/agent";

/** What the Agent sends with every page: the policy under which the dashboard has to work. */
export const POLICY =
  "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
/** The frame of the landing page's preview is a document of its own, with a policy of its own. */
export const PREVIEW_POLICY =
  "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: https:; font-src data: https:; frame-ancestors 'self'";

type Next = () => void;

export function mockAgent({ strict = false }: { strict?: boolean } = {}): Plugin {
  let agent = new MockAgent();
  const ticking = setInterval(() => agent.tick(), 1000);
  ticking.unref();
  const answer = async (request: IncomingMessage, response: ServerResponse, next: Next) => {
    const path = request.url ?? "/";
    const wanted = SCENARIOS.find((name) => path === `/__mock/${name}`);
    if (wanted) {
      agent = new MockAgent(wanted);
      response.end(wanted);
      return;
    }
    if (strict)
      response.setHeader(
        "content-security-policy",
        path.startsWith("/landing-preview.html") ? PREVIEW_POLICY : POLICY,
      );
    if (!path.startsWith("/api/")) return next();
    await send(await agent.handle(await toRequest(request)), response);
  };
  return {
    name: "octoporty-mock-agent",
    configureServer: (server) =>
      void server.middlewares.use((request, response, next) => void answer(request, response, next)),
    configurePreviewServer: (server) =>
      void server.middlewares.use((request, response, next) => void answer(request, response, next)),
  };
}

async function toRequest(request: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = request.method === "GET" || request.method === "HEAD" ? undefined : Buffer.concat(chunks);
  return new Request(`http://localhost${request.url}`, { method: request.method, body });
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (!answer.body) {
    response.end();
    return;
  }
  const stream = Readable.fromWeb(answer.body as import("node:stream/web").ReadableStream);
  response.on("close", () => stream.destroy());
  stream.on("error", () => response.destroy());
  stream.pipe(response);
}
