// Gateway, Agent and a service as their users run them, on free ports of loopback, with secrets and a folder of their own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Caddy } from "./caddy";
import { type FreshFiles, serveFreshFiles } from "./fresh-files";
import { Manager } from "./manager";
import { olderCopy } from "./older";
import { builtProgram, installedCaddy, Program } from "./program";
import { eventually, freePort, passwordHash, secret } from "./system";
import { Upstream } from "./upstream";
import { type Seen, type Visit, visit } from "./visitor";

export interface WorldOptions {
  /** Puts Caddy in front, where one is installed. */
  caddy?: boolean;
  /** Starts a Gateway of the version before. */
  olderGateway?: boolean;
  /** Settings of the Agent besides those that every world has. */
  agent?: Record<string, string>;
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "octoporty-web-"));
  readonly password = secret().slice(0, 20);
  readonly gatewayPort: number;
  readonly agentPort: number;
  readonly upstream: Upstream;
  readonly manager: Manager;
  /** The versions of the Gateway before and after an update, with `olderGateway`. */
  versions = { older: "", newer: "" };
  readonly #options: WorldOptions;
  readonly #hash = passwordHash(this.password);
  readonly #apiKey = secret();
  readonly #jwtSecret = secret();
  #gatewayProgram = "";
  #caddy: Caddy | undefined;
  #gateway: Program | undefined;
  #agent: Program | undefined;
  #files: FreshFiles | undefined;

  private constructor(options: WorldOptions, gatewayPort: number, agentPort: number, upstream: Upstream) {
    this.#options = options;
    this.gatewayPort = gatewayPort;
    this.agentPort = agentPort;
    this.upstream = upstream;
    this.manager = new Manager(`http://localhost:${agentPort}`);
  }

  /** A world whose tunnel is up. */
  static async start(options: WorldOptions = {}): Promise<World> {
    const world = new World(options, await freePort(), await freePort(), await Upstream.start());
    try {
      await world.#startAll();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** The dashboard's address. By this name its cookies need no TLS. */
  get url(): string {
    return `http://localhost:${this.#files?.port ?? this.agentPort}`;
  }

  get updateSignal(): string {
    return join(this.folder, "update-signal");
  }

  async #startAll(): Promise<void> {
    this.#gatewayProgram = builtProgram("octoporty-gateway");
    if (this.#options.olderGateway) {
      const copy = olderCopy(this.#gatewayProgram, join(this.folder, "older-gateway"));
      this.#gatewayProgram = copy.path;
      this.versions = copy;
    }
    const caddy = this.#options.caddy ? installedCaddy() : undefined;
    if (caddy) this.#caddy = await Caddy.start(caddy, this.folder);
    this.startGateway();
    this.startAgent();
    await this.connected();
    await this.manager.signIn(this.password);
    await eventually("the database is open", () => this.manager.answers("/request-logs?limit=1"));
    // A session from before that is kept in memory only, and a restart ends it.
    await this.manager.signIn(this.password);
    if (process.env.OCTOPORTY_WEB_DIST) this.#files = await serveFreshFiles(this.agentPort);
  }

  startGateway(): void {
    this.#gateway = new Program(
      this.#gatewayProgram,
      [],
      {
        Gateway__ApiKey: this.#apiKey,
        Gateway__BindAddress: "127.0.0.1",
        Gateway__Port: String(this.gatewayPort),
        Gateway__CaddyAdminUrl: this.#caddy?.admin ?? "",
        Gateway__CaddyAskAddress: "",
        Gateway__StatePath: join(this.folder, "gateway-state.json"),
        Gateway__UpdateSignalPath: this.updateSignal,
        // A stop in a test waits for nobody.
        Gateway__DrainPeriod: "100ms",
        Gateway__GracePeriod: "1s",
        Logging__FilePath: join(this.folder, "gateway-.log"),
      },
      join(this.folder, "gateway.out"),
    );
  }

  startAgent(): void {
    this.#agent = new Program(
      builtProgram("octoporty-agent"),
      [],
      {
        Agent__GatewayUrl: `ws://127.0.0.1:${this.gatewayPort}/tunnel`,
        Agent__ApiKey: this.#apiKey,
        Agent__JwtSecret: this.#jwtSecret,
        Agent__Auth__PasswordHash: this.#hash,
        Agent__BindAddress: "127.0.0.1",
        Agent__Port: String(this.agentPort),
        Agent__Name: "home-server",
        ConnectionStrings__DefaultConnection: `Data Source=${join(this.folder, "agent.db")}`,
        Logging__FilePath: join(this.folder, "agent-.log"),
        ...this.#options.agent,
      },
      join(this.folder, "agent.out"),
    );
  }

  /** As a crash or a power cut ends it. */
  async killGateway(): Promise<void> {
    await this.#gateway?.end("SIGKILL");
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.end("SIGTERM");
  }

  /** Starts it again, and waits until it works as before. */
  async returnAgent(): Promise<void> {
    this.startAgent();
    await this.connected();
    await eventually("the database is open", () => this.manager.answers("/request-logs?limit=1"));
  }

  /** What the host's updater does: takes the file away and starts the new version. */
  async updateGateway(): Promise<void> {
    rmSync(this.updateSignal);
    await this.#gateway?.end("SIGTERM");
    this.#gatewayProgram = builtProgram("octoporty-gateway");
    this.startGateway();
  }

  /** Waits until the Agent says that its tunnel is up. */
  async connected(): Promise<void> {
    await eventually("the tunnel is up", async () => {
      for (const program of [this.#gateway, this.#agent]) {
        if (program && !program.isRunning) throw new Error(`a program ended:\n${program.tail()}`);
      }
      const answer = await fetch(`http://localhost:${this.agentPort}/health`).catch(() => null);
      return (await answer?.text())?.includes('"healthy"') ?? false;
    });
  }

  /** What a visitor of a public name sees. */
  visit(host: string, path = "/", how: Visit = {}): Promise<Seen> {
    return visit(this.gatewayPort, host, path, how);
  }

  /** Waits until a mapping answers, then visits it as often as asked. */
  async traffic(host: string, paths: readonly string[]): Promise<void> {
    await eventually(`${host} is live`, async () => (await this.visit(host)).status === 200);
    for (const path of paths) await this.visit(host, path).catch(() => undefined);
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent?.end("SIGTERM"), this.#gateway?.end("SIGTERM"), this.#caddy?.end()]);
    await this.#files?.close();
    await this.upstream.close();
    if (!process.env.OCTOPORTY_KEEP) rmSync(this.folder, { recursive: true, force: true });
  }
}
