// The management API as a script uses it: signed in once, to prepare what a journey starts from.
import type { components } from "../../src/shared/api/generated/schema";

export type Mapping = components["schemas"]["Mapping"];

export interface NewMapping {
  name: string;
  externalDomain: string;
  internalPort: number;
  internalHost?: string;
  internalProtocol?: "Http" | "Https";
  enabled?: boolean;
}

export class Manager {
  readonly #base: string;
  #cookies = "";

  constructor(base: string) {
    this.#base = base;
  }

  async signIn(password: string): Promise<void> {
    const response = await this.call("POST", "/auth/login", { password });
    this.#cookies = response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; ");
  }

  #send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#base}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", cookie: this.#cookies },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  async answers(path: string): Promise<boolean> {
    return (await this.#send("GET", path)).ok;
  }

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await this.#send(method, path, body);
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async map(mapping: NewMapping): Promise<Mapping> {
    const response = await this.call("POST", "/mappings", { internalHost: "127.0.0.1", ...mapping });
    return response.json();
  }

  async read<T>(path: string): Promise<T> {
    return (await this.call("GET", path)).json();
  }
}
