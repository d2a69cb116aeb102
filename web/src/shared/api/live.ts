// The one live connection of the page: resumes where it broke, notices silence, and rests while nobody looks.
import { createStore } from "../lib/store";
import { renew, sessionPhase, waitForSignIn } from "./session";
import { EventParser } from "./sse";
import type { LogLine, Mapping, RequestEntry, StatsPoint, Status } from "./types";

/** Event names and their data, as `GET /events` sends them. */
export interface LiveEvents {
  status: Status;
  mapping: { action: "created" | "updated" | "deleted"; id: string; mapping: Mapping | null };
  request: RequestEntry & { skipped?: number };
  "agent-log": LogLine;
  "gateway-log": LogLine;
  stats: StatsPoint;
  update: { step: string };
  storage: { problem: string | null };
  "session-expired": unknown;
  resync: unknown;
}

export type LogTopic = "agent-logs" | "gateway-logs";
export type LiveState = { phase: "connecting" | "open" } | { phase: "lost"; since: number; retryAt: number };

const ALWAYS = ["status", "mappings", "requests", "stats"];
/** The Agent sends a comment every 15 s; twice that and a bit of silence is a dead connection. In milliseconds. */
const SILENCE_MS = 40_000;
/** A hidden page keeps its connection this long; a browser opens only six to one host. In milliseconds. */
const HIDDEN_MS = 60_000;
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];

type Listeners = { [Name in keyof LiveEvents]: Set<(data: LiveEvents[Name]) => void> };

function noListeners(): Listeners {
  return {
    status: new Set(),
    mapping: new Set(),
    request: new Set(),
    "agent-log": new Set(),
    "gateway-log": new Set(),
    stats: new Set(),
    update: new Set(),
    storage: new Set(),
    "session-expired": new Set(),
    resync: new Set(),
  };
}

export class LiveConnection {
  readonly state = createStore<LiveState>({ phase: "connecting" });
  #listeners = noListeners();
  #topics = new Map<LogTopic, number>();
  #lastId = "";
  #attempt = 0;
  #lostSince = 0;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  on<Name extends keyof LiveEvents>(name: Name, listener: (data: LiveEvents[Name]) => void): () => void {
    const listeners = this.#listeners[name];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Asks for the lines of a log as well, until the returned function is called. */
  addTopic(topic: LogTopic): () => void {
    this.#count(topic, 1);
    return () => this.#count(topic, -1);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#disconnect();
    this.#lastId = "";
  }

  /** Tries at once instead of waiting for the next attempt. */
  retry(): void {
    this.#attempt = 0;
    this.#connect();
  }

  #count(topic: LogTopic, by: number): void {
    const before = this.#topics.get(topic) ?? 0;
    this.#topics.set(topic, before + by);
    if (this.#running && before > 0 !== before + by > 0) this.#connect();
  }

  #onVisibility = () => {
    clearTimeout(this.#hidden);
    if (document.hidden) this.#hidden = setTimeout(() => this.#disconnect(), HIDDEN_MS);
    else if (!this.#abort) this.retry();
  };

  #disconnect(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#abort?.abort();
    this.#abort = null;
  }

  #connect(): void {
    this.#disconnect();
    const abort = new AbortController();
    this.#abort = abort;
    this.#read(abort.signal).then(
      () => this.#lost(abort),
      () => this.#lost(abort),
    );
  }

  async #read(signal: AbortSignal): Promise<void> {
    const extra = [...this.#topics].filter(([, users]) => users > 0).map(([topic]) => topic);
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (this.#lastId) headers["last-event-id"] = this.#lastId;
    const response = await fetch(`/api/v1/events?topics=${[...ALWAYS, ...extra].join(",")}`, {
      headers,
      signal,
    });
    if (response.status === 401) {
      if (!(await renew())) await waitForSignIn();
      return;
    }
    if (!response.ok || !response.body) throw new Error(`events answered ${response.status}`);
    this.#opened(signal);
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      this.#heard(signal);
      for (const event of parser.push(piece.value)) this.#dispatch(event.event, event.data, event.id);
    }
  }

  #opened(signal: AbortSignal): void {
    this.#attempt = 0;
    this.#lostSince = 0;
    this.state.set({ phase: "open" });
    this.#heard(signal);
  }

  #heard(signal: AbortSignal): void {
    clearTimeout(this.#silence);
    if (signal.aborted) return;
    this.#silence = setTimeout(() => this.#abort?.abort(), SILENCE_MS);
  }

  #lost(abort: AbortController): void {
    if (this.#abort !== abort || !this.#running) return;
    this.#disconnect();
    if (sessionPhase.get() === "out") return;
    const wait =
      (RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)] ?? 1000) * (0.8 + Math.random() * 0.4);
    this.#attempt += 1;
    this.#lostSince ||= Date.now();
    this.state.set({ phase: "lost", since: this.#lostSince, retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #dispatch(name: string, data: string, id: string): void {
    if (id) this.#lastId = id;
    if (name === "session-expired") void this.#expired();
    if (isKnown(this.#listeners, name)) this.#emit(name, data);
  }

  #emit<Name extends keyof LiveEvents>(name: Name, data: string): void {
    const listeners = this.#listeners[name];
    if (listeners.size === 0) return;
    const value: LiveEvents[Name] = JSON.parse(data || "null");
    for (const listener of listeners) listener(value);
  }

  async #expired(): Promise<void> {
    const renewed = await renew().catch(() => true);
    if (!renewed) await waitForSignIn().catch(() => undefined);
  }
}

function isKnown(listeners: Listeners, name: string): name is keyof LiveEvents {
  return Object.hasOwn(listeners, name);
}

export const live = new LiveConnection();
