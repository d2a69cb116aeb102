// The lines of one log: the newest page, older pages on demand, and what arrives live. Bounded.
import { useCallback, useEffect, useReducer, useRef } from "react";
import { type ApiError, asApiError } from "~/shared/api/error";
import { live } from "~/shared/api/live";
import type { LogLine, LogSource } from "~/shared/api/types";
import { FIRST_LINES, fetchLines, type LogFilters, OLDER_LINES } from "./api";
import { fitsFilters } from "./lines";

/** Lines held in the browser; beyond that the oldest are let go while nobody reads them. */
export const LINES_MAX = 100_000;
/** Arrived lines are drawn in steps of this many milliseconds. */
const STEP_MS = 200;

interface Held {
  lines: LogLine[];
  hasMore: boolean;
  status: "loading" | "ready" | "failed";
  error: ApiError | null;
  /** How many lines the last older page put above the others. */
  prepended: number;
}

type Change =
  | { type: "reset" }
  | { type: "first"; lines: LogLine[]; hasMore: boolean }
  | { type: "older"; lines: LogLine[]; hasMore: boolean }
  | { type: "arrived"; lines: LogLine[]; following: boolean }
  | { type: "failed"; error: ApiError };

const START: Held = { lines: [], hasMore: false, status: "loading", error: null, prepended: 0 };

function reduce(held: Held, change: Change): Held {
  switch (change.type) {
    case "reset":
      return START;
    case "first": {
      const last = change.lines.at(-1)?.id ?? 0;
      const newer = held.lines.filter((line) => line.id > last);
      return { ...START, lines: [...change.lines, ...newer], hasMore: change.hasMore, status: "ready" };
    }
    case "older":
      return {
        ...held,
        lines: [...change.lines, ...held.lines],
        hasMore: change.hasMore,
        prepended: change.lines.length,
      };
    case "arrived": {
      const last = held.lines.at(-1)?.id ?? 0;
      const lines = [...held.lines, ...change.lines.filter((line) => line.id > last)];
      const surplus = change.following ? lines.length - LINES_MAX : 0;
      return {
        ...held,
        lines: surplus > 0 ? lines.slice(surplus) : lines,
        hasMore: held.hasMore || surplus > 0,
        prepended: 0,
      };
    }
    case "failed":
      return held.lines.length > 0 ? held : { ...held, status: "failed", error: change.error };
  }
}

export interface LogLines extends Held {
  loadOlder: () => Promise<void>;
  /** Loads older pages until `at` is among them, or nothing is older. The index of the line nearest to it. */
  loadUntil: (at: number) => Promise<number>;
  retry: () => void;
}

/** Older pages that one jump may load: as many lines as are held. */
const JUMP_PAGES = LINES_MAX / OLDER_LINES;

export function useLogLines(source: LogSource, filters: LogFilters, following: boolean): LogLines {
  const [held, change] = useReducer(reduce, START);
  const latest = useRef({ held, following });
  useEffect(() => {
    latest.current = { held, following };
  });
  const loading = useRef<Promise<void> | null>(null);
  const abort = useRef(new AbortController());
  const { level, q } = filters;

  const start = useCallback(() => {
    abort.current.abort();
    const controller = new AbortController();
    abort.current = controller;
    change({ type: "reset" });
    fetchLines(source, { level, q, count: FIRST_LINES }, controller.signal).then(
      (page) => change({ type: "first", ...page }),
      (error: unknown) => controller.signal.aborted || change({ type: "failed", error: asApiError(error) }),
    );
    return controller;
  }, [source, level, q]);

  useEffect(() => {
    const controller = start();
    let buffer: LogLine[] = [];
    const stops = [
      live.addTopic(source === "agent" ? "agent-logs" : "gateway-logs"),
      live.on(source === "agent" ? "agent-log" : "gateway-log", (line) => {
        if (fitsFilters(line, { level, q })) buffer.push(line);
      }),
      live.on("resync", () => void start()),
    ];
    const timer = setInterval(() => {
      if (buffer.length === 0) return;
      change({ type: "arrived", lines: buffer, following: latest.current.following });
      buffer = [];
    }, STEP_MS);
    return () => {
      controller.abort();
      clearInterval(timer);
      for (const stop of stops) stop();
    };
  }, [source, level, q, start]);

  const loadOlder = useCallback((): Promise<void> => {
    const { lines, hasMore } = latest.current.held;
    const [oldest] = lines;
    if (!hasMore || !oldest) return Promise.resolve();
    loading.current ??= fetchLines(
      source,
      { level, q, beforeId: oldest.id, count: OLDER_LINES },
      abort.current.signal,
    )
      .then((page) => change({ type: "older", ...page }))
      .catch(() => undefined)
      .finally(() => {
        loading.current = null;
      });
    return loading.current;
  }, [source, level, q]);

  const loadUntil = useCallback(
    async (at: number): Promise<number> => {
      for (let page = 0; page < JUMP_PAGES; page += 1) {
        const { lines, hasMore } = latest.current.held;
        const [oldest] = lines;
        if (!oldest || !hasMore || new Date(oldest.timestamp).getTime() <= at) break;
        await loadOlder();
        // The reducer's state is seen after the next render.
        await new Promise((resolve) => setTimeout(resolve));
      }
      const { lines } = latest.current.held;
      const index = lines.findIndex((line) => new Date(line.timestamp).getTime() >= at);
      return index < 0 ? lines.length - 1 : index;
    },
    [loadOlder],
  );

  return { ...held, loadOlder, loadUntil, retry: () => void start() };
}
