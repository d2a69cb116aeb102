// What every part of a world needs from the machine: a free port, a secret, a condition to wait for.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";

/** A busy machine starts programs slowly; beyond this something is wrong. In milliseconds. */
const PATIENCE_MS = 30_000;
/** Between two looks at a condition that nothing announces, in milliseconds. */
const LOOK_EVERY_MS = 40;

/** A port of loopback that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

export function secret(): string {
  return randomBytes(32).toString("hex");
}

/** The SHA-512 crypt hash that the Agent wants. The password is no argument, so no process list shows it. */
export function passwordHash(password: string): string {
  const made = spawnSync("openssl", ["passwd", "-6", "-stdin"], { input: password, encoding: "utf8" });
  if (made.status !== 0) throw new Error("openssl is needed to hash the password");
  return made.stdout.trim();
}

/** Waits for something that only asking tells; `what` is named when it does not come. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`${what}: not within ${PATIENCE_MS / 1000} s`);
}
