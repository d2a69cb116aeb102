// One clock for every relative time on the page: components ask for the pace they need and share the timer.
import { useSyncExternalStore } from "react";

interface Ticker {
  subscribe(listener: () => void): () => void;
  get(): number;
}

const tickers = new Map<number, Ticker>();

function ticker(everyMs: number): Ticker {
  const known = tickers.get(everyMs);
  if (known) return known;
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const made: Ticker = {
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        now = Date.now();
        timer = setInterval(() => {
          now = Date.now();
          for (const each of listeners) each();
        }, everyMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
    get: () => (listeners.size ? now : Math.floor(Date.now() / everyMs) * everyMs),
  };
  tickers.set(everyMs, made);
  return made;
}

/** The time in milliseconds, renewed every `everyMs` while mounted. */
export function useNow(everyMs = 1000): number {
  const source = ticker(everyMs);
  return useSyncExternalStore(source.subscribe, source.get, source.get);
}
