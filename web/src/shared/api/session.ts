// The session as the browser knows it: HttpOnly cookies hold it, this file renews it, and holds calls back while a person signs in again.
import { createStore } from "../lib/store";
import { errorFrom, unreachable } from "./error";

export type SessionPhase = "unknown" | "in" | "expired" | "out";

/** Renewed this long before the access cookie ends, in milliseconds. */
const RENEW_BEFORE_MS = 60_000;
/** Shortest wait between two renewals, in milliseconds; a wrong clock must not make a loop. */
const RENEW_AT_LEAST_MS = 15_000;

export const sessionPhase = createStore<SessionPhase>("unknown");

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

const waiters: Waiter[] = [];
let renewing: Promise<boolean> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tabs share the cookies, so what one learns holds for all. */
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("octoporty-session");
tabs?.addEventListener("message", (event: MessageEvent<unknown>) => {
  if (event.data === "in") arrived(null);
  if (event.data === "out") left();
});

function post(path: string, body?: object): Promise<Response> {
  return fetch(`/api/v1/auth/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  }).catch(() => {
    throw unreachable();
  });
}

/** The session is good until `expiresAt`; whatever waited for it goes on. */
function arrived(expiresAt: string | null): void {
  sessionPhase.set("in");
  for (const waiter of waiters.splice(0)) waiter.resolve();
  clearTimeout(timer);
  if (!expiresAt) return;
  const left = new Date(expiresAt).getTime() - Date.now() - RENEW_BEFORE_MS;
  timer = setTimeout(() => void renew().catch(() => undefined), Math.max(left, RENEW_AT_LEAST_MS));
}

function left(): void {
  clearTimeout(timer);
  for (const waiter of waiters.splice(0)) waiter.reject(new Error("signed out"));
  sessionPhase.set("out");
}

/** Renews the session; false when only a password helps. One renewal at a time over all tabs, because the token is used once. */
export function renew(): Promise<boolean> {
  renewing ??= locked(async () => {
    const response = await post("refresh");
    if (response.ok) {
      arrived(await expiryOf(response));
      return true;
    }
    if (response.status === 401) return false;
    throw await errorFrom(response);
  }).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function expiryOf(response: Response): Promise<string | null> {
  const body: { expiresAt?: string } = await response.json().catch(() => ({}));
  return body.expiresAt ?? null;
}

async function locked<T>(run: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return run();
  return await navigator.locks.request("octoporty-renew", run);
}

/** Resolves when somebody has signed in again; rejects when they chose to leave. Shows the dialog. */
export function waitForSignIn(): Promise<void> {
  sessionPhase.set("expired");
  return new Promise((resolve, reject) => {
    waiters.push({ resolve, reject });
  });
}

/** How many calls wait for the sign-in; above zero, something typed is saved right after it. */
export function waitingCalls(): number {
  return waiters.length;
}

export async function signIn(password: string): Promise<void> {
  const response = await post("login", { password });
  if (!response.ok) throw await errorFrom(response);
  arrived(await expiryOf(response));
  tabs?.postMessage("in");
}

export async function signOut(): Promise<void> {
  await post("logout").catch(() => undefined);
  left();
  tabs?.postMessage("out");
}

/** Whether there is a session, asked once when the page is opened. */
export async function ensureSession(): Promise<boolean> {
  const phase = sessionPhase.get();
  if (phase === "in" || phase === "expired") return true;
  const response = await fetch("/api/v1/auth/session").catch(() => {
    throw unreachable();
  });
  if (response.ok) {
    arrived(await expiryOf(response));
    return true;
  }
  if (response.status !== 401) throw await errorFrom(response);
  if (await renew()) return true;
  sessionPhase.set("out");
  return false;
}

/** Like `fetch`, but a call refused for want of a session is held, and sent again when there is one: nothing typed is lost. */
export async function sessionFetch(input: Request): Promise<Response> {
  const again = input.clone();
  const response = await fetch(input).catch((error: unknown) => {
    if (input.signal.aborted) throw error;
    throw unreachable();
  });
  if (response.status !== 401) return response;
  if (!(await renew())) await waitForSignIn();
  return fetch(again);
}
