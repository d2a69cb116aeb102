// A program of ours, or Caddy, as a child process: its output in a file, ended by its own id.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");
/** The end of a program's output that a failure shows, in characters. */
const TAIL_CHARACTERS = 3000;

/** A built program; OCTOPORTY_BIN names another folder than that of the debug build. */
export function builtProgram(name: string): string {
  const folder =
    process.env.OCTOPORTY_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug");
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is not built: cargo build --workspace --bins`);
  return path;
}

/** The Caddy that the tests use everywhere; undefined where none is installed. */
export function installedCaddy(): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const path = process.env.TEST_BIN_CADDY ?? join(cache, "octoporty-tests/venv/bin/caddy");
  return existsSync(path) ? path : undefined;
}

export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #output: string;

  constructor(path: string, args: readonly string[], environment: Record<string, string>, output: string) {
    this.#output = output;
    const file = openSync(output, "a");
    this.#child = spawn(path, args, {
      // Nothing of the caller's environment may change a setting.
      env: { PATH: process.env.PATH ?? "", ...environment },
      stdio: ["ignore", file, file],
    });
    this.#ended = new Promise((done) => this.#child.once("exit", () => done()));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of what it wrote, for a failure's message. */
  tail(): string {
    return readFileSync(this.#output, "utf8").slice(-TAIL_CHARACTERS);
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.isRunning) this.#child.kill(signal);
    await this.#ended;
  }
}
