// Requests as they happen: put on top while the list is at its top, kept waiting behind a pill while somebody reads.
import { useEffect, useReducer, useRef } from "react";
import { live } from "~/shared/api/live";
import type { RequestEntry } from "~/shared/api/types";
import { fits } from "./filters";
import type { RequestFilters } from "./search";

/** New rows are drawn in steps of this many milliseconds. */
const STEP_MS = 250;
/** Live rows held in the browser; older ones are in the log anyway. */
const HELD_MAX = 5000;

interface LiveRows {
  shown: RequestEntry[];
  waiting: RequestEntry[];
}

type Change =
  | { type: "arrived"; requests: RequestEntry[]; frozen: boolean }
  | { type: "release" }
  | { type: "reset" };

const NOTHING: LiveRows = { shown: [], waiting: [] };

/** Puts the newest first; a request that was shown already, such as a WebSocket that ended, is replaced in place. */
function merged(held: RequestEntry[], newest: RequestEntry[]): RequestEntry[] {
  const byId = new Map(newest.map((request) => [request.id, request]));
  const updated = held.map((request) => {
    const again = byId.get(request.id);
    byId.delete(request.id);
    return again ?? request;
  });
  return [...byId.values(), ...updated].slice(0, HELD_MAX);
}

function reduce(rows: LiveRows, change: Change): LiveRows {
  switch (change.type) {
    case "arrived":
      return change.frozen
        ? { ...rows, waiting: merged(rows.waiting, change.requests) }
        : { shown: merged(rows.shown, [...change.requests, ...rows.waiting]), waiting: [] };
    case "release":
      return { shown: merged(rows.shown, rows.waiting), waiting: [] };
    case "reset":
      return NOTHING;
  }
}

export interface LiveRequests {
  shown: RequestEntry[];
  waiting: number;
  release: () => void;
}

export function useLiveRequests(filters: RequestFilters, frozen: boolean): LiveRequests {
  const [rows, change] = useReducer(reduce, NOTHING);
  const isFrozen = useRef(frozen);
  useEffect(() => {
    isFrozen.current = frozen;
  }, [frozen]);
  useEffect(() => {
    let buffer: RequestEntry[] = [];
    const stop = live.on("request", (request) => {
      if (fits(request, filters)) buffer.unshift(request);
    });
    const stopResync = live.on("resync", () => change({ type: "reset" }));
    const timer = setInterval(() => {
      if (buffer.length === 0) return;
      change({ type: "arrived", requests: buffer, frozen: isFrozen.current });
      buffer = [];
    }, STEP_MS);
    return () => {
      stop();
      stopResync();
      clearInterval(timer);
      change({ type: "reset" });
    };
  }, [filters]);
  return { shown: rows.shown, waiting: rows.waiting.length, release: () => change({ type: "release" }) };
}
