// Reading log lines: whether one fits the filters, and how it is written.
import type { LogLine } from "~/shared/api/types";
import { visible } from "~/shared/lib/format";
import type { LogFilters } from "./api";

const ORDER = ["trace", "debug", "info", "warn", "error"];

export function fieldText(value: unknown): string {
  return visible(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
}

/** `name=value` of every field, as the search reads them. */
export function fieldsText(line: LogLine): string {
  return Object.entries(line.fields)
    .map(([name, value]) => `${name}=${fieldText(value)}`)
    .join(" ");
}

/** The last two parts of a source, which tell the lines of one program apart; the detail has the whole. */
export function shortTarget(target: string): string {
  return visible(
    target
      .split("::")
      .slice(-2)
      .join("::")
      .replace(/^octoporty_/, ""),
  );
}

export function fitsFilters(line: LogLine, { level, q }: LogFilters): boolean {
  if (ORDER.indexOf(line.level) < ORDER.indexOf(level)) return false;
  if (!q) return true;
  return `${line.message} ${line.target} ${fieldsText(line)}`.toLowerCase().includes(q.toLowerCase());
}

/** One line of a downloaded log. */
export function plainLine(line: LogLine): string {
  const message = line.message.replace(/\s*\n\s*/g, " | ");
  return `${line.timestamp} ${line.level.toUpperCase().padEnd(5)} ${line.target} ${visible(message)} ${fieldsText(line)}`.trimEnd();
}

export function firstLine(message: string): string {
  const end = message.indexOf("\n");
  return visible(end < 0 ? message : message.slice(0, end));
}
