// A real Caddy with ports and folders of its own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "./program";
import { eventually, freePort } from "./system";
import { visit } from "./visitor";

export class Caddy {
  readonly admin: string;
  readonly #program: Program;

  private constructor(admin: string, program: Program) {
    this.admin = admin;
    this.#program = program;
  }

  static async start(path: string, folder: string): Promise<Caddy> {
    const [admin, http, https] = [await freePort(), await freePort(), await freePort()];
    const config = join(folder, "caddy.json");
    writeFileSync(config, JSON.stringify(configuration(admin, http, https)));
    const home = {
      HOME: folder,
      XDG_DATA_HOME: join(folder, "data"),
      XDG_CONFIG_HOME: join(folder, "config"),
    };
    const program = new Program(path, ["run", "--config", config], home, join(folder, "caddy.out"));
    const address = `127.0.0.1:${admin}`;
    // Caddy refuses `fetch`, which says like a browser that a page asks.
    await eventually("Caddy's admin API", async () => {
      if (!program.isRunning) throw new Error(`Caddy ended:\n${program.tail()}`);
      return visit(admin, address, "/config/").then(
        (seen) => seen.status === 200,
        () => false,
      );
    });
    return new Caddy(`http://${address}`, program);
  }

  end(): Promise<void> {
    return this.#program.end("SIGTERM");
  }
}

function configuration(admin: number, http: number, https: number): object {
  return {
    admin: { listen: `127.0.0.1:${admin}`, config: { persist: false } },
    apps: {
      http: {
        http_port: http,
        https_port: https,
        servers: {
          srv0: { listen: [`127.0.0.1:${https}`], routes: [], automatic_https: { disable_redirects: true } },
        },
      },
      tls: { automation: { policies: [{ issuers: [{ module: "internal" }] }] } },
      // Nobody's trust store is touched.
      pki: { certificate_authorities: { local: { install_trust: false } } },
    },
  };
}
