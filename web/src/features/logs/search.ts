// What the address of a log page holds: least level, text, and the line whose detail is open.
import { oneOf, text } from "~/shared/lib/search";

export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type LevelFilter = (typeof LEVELS)[number];

export interface LogsSearch {
  level?: LevelFilter;
  q?: string;
}

export function parseLogsSearch(search: Record<string, unknown>): LogsSearch {
  return { level: oneOf(search.level, LEVELS), q: text(search.q) };
}
