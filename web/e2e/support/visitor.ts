// A visitor: whoever calls a public address. The name is sent to the Gateway on loopback.
import { request } from "node:http";

export interface Visit {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface Seen {
  status: number;
  body: string;
}

export function visit(gatewayPort: number, host: string, path: string, how: Visit = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port: gatewayPort,
        path,
        method: how.method ?? "GET",
        headers: { host, ...how.headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      },
    );
    sent.once("error", reject);
    sent.end(how.body);
  });
}
