// A Gateway of an older version: a copy of the program whose version number, and nothing else, is changed.
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";

/** "octoporty-gateway 0.1.0" */
function versionOf(program: string): string {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1) ?? "";
}

/** The version before, in as many characters: a program's texts cannot grow. */
function before(version: string): string {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const older = patch > 0 ? [major, minor, patch - 1] : minor > 0 ? [major, minor - 1, 9] : [major - 1, 9, 9];
  const text = older.join(".");
  return text.padEnd(version.length, "9");
}

export interface OlderProgram {
  path: string;
  older: string;
  newer: string;
}

export function olderCopy(program: string, to: string): OlderProgram {
  const newer = versionOf(program);
  const older = before(newer);
  const bytes = readFileSync(program);
  for (let at = bytes.indexOf(newer); at >= 0; at = bytes.indexOf(newer, at + 1)) bytes.write(older, at);
  writeFileSync(to, bytes);
  chmodSync(to, 0o700);
  if (versionOf(to) !== older) throw new Error(`the copy does not say that it is ${older}`);
  return { path: to, older, newer };
}
