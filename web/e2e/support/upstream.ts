// The internal service behind the mappings: a small site, answers of every kind, and a WebSocket-free echo.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export const TITLE = "Team notes";
const PAGE = `<!doctype html><html lang="en"><title>${TITLE}</title><h1>${TITLE}</h1></html>`;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** By path; anything else is the page. */
const ANSWERS: Record<string, Answer> = {
  "/api/orders": (_request, response) => json(response, 200, { orders: [{ id: 1, total: 42 }] }),
  "/missing": (_request, response) => json(response, 404, { message: "nothing here" }),
  "/broken": (_request, response) => json(response, 500, { message: "the service failed" }),
  /** The connection ends instead of an answer: a failure at the service. */
  "/reset": (request) => request.socket.destroy(),
  /** Headers that a page may not be harmed by. */
  "/hostile": (_request, response) => {
    response.setHeader("x-hostile", "<img src=x onerror=alert(1)>");
    response.setHeader("content-type", "text/html");
    response.end("<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202e\u001b[31m");
  },
};

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

export class Upstream {
  readonly #server: Server;
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static start(): Promise<Upstream> {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://service").pathname;
      request.resume();
      request.once("end", () => answer(path, request, response));
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (address && typeof address === "object") resolve(new Upstream(server, address.port));
      });
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function answer(path: string, request: IncomingMessage, response: ServerResponse): void {
  const special = ANSWERS[path];
  if (special) {
    special(request, response);
    return;
  }
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  response.end(PAGE);
}
