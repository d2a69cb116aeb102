// Pages of a log, and its histogram.
import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "~/shared/api/client";
import type { LogLine, LogSource } from "~/shared/api/types";
import type { LevelFilter } from "./search";

/** Lines of the first page; fills a tall window several times. */
export const FIRST_LINES = 500;
/** Lines of each older page: the most the API gives. */
export const OLDER_LINES = 1000;

export interface LogFilters {
  level: LevelFilter;
  q: string;
}

interface PageRequest extends LogFilters {
  beforeId?: number;
  count: number;
}

/** Oldest first, as they are shown. */
export async function fetchLines(
  source: LogSource,
  page: PageRequest,
  signal: AbortSignal,
): Promise<{ lines: LogLine[]; hasMore: boolean }> {
  const query = { beforeId: page.beforeId, count: page.count, level: page.level, q: page.q || undefined };
  const options = { params: { query }, signal };
  const answer = await unwrap(
    source === "agent" ? api.GET("/api/v1/agent/logs", options) : api.GET("/api/v1/gateway/logs", options),
  );
  return { lines: answer.logs.toReversed(), hasMore: answer.hasMore };
}

export const histogramQuery = (source: LogSource) =>
  queryOptions({
    queryKey: ["log-histogram", source],
    queryFn: ({ signal }) => {
      const options = { params: { query: { minutes: 60 } }, signal };
      return unwrap(
        source === "agent"
          ? api.GET("/api/v1/agent/logs/histogram", options)
          : api.GET("/api/v1/gateway/logs/histogram", options),
      );
    },
  });
