// The update of the Gateway, step by step. Lives outside of the dialog: closing that keeps the update going.
import { api, unwrap } from "~/shared/api/client";
import { asApiError } from "~/shared/api/error";
import type { Status, UpdateAnswer } from "~/shared/api/types";
import { createStore } from "~/shared/lib/store";

export type UpdatePhase =
  | "idle"
  | "offer"
  | "asking"
  | "waiting"
  | "restarting"
  | "done"
  | "refused"
  | "timed-out";

export interface UpdateState {
  phase: UpdatePhase;
  open: boolean;
  from: string;
  to: string;
  /** Why it was refused. */
  message: string;
  /** Times of the steps in milliseconds; undefined while they have not been reached. */
  startedAt?: number;
  restartedAt?: number;
  doneAt?: number;
  /** When the tunnel was lost for the restart. */
  lostAt?: number;
}

/** How often the Agent is asked while the update runs, in milliseconds. The only place that polls. */
export const POLL_MS = 5000;
/** After this the host has most likely no updater, in milliseconds. */
export const GIVE_UP_MS = 5 * 60_000;

export const updateState = createStore<UpdateState>({
  phase: "idle",
  open: false,
  from: "",
  to: "",
  message: "",
});

function change(next: Partial<UpdateState>): void {
  updateState.set({ ...updateState.get(), ...next });
}

export function offerUpdate(status: Status): void {
  const { phase } = updateState.get();
  if (phase === "idle" || phase === "done")
    change({
      phase: "offer",
      from: status.gatewayVersion ?? "",
      to: status.version,
      startedAt: undefined,
      restartedAt: undefined,
      doneAt: undefined,
      lostAt: undefined,
    });
  change({ open: true });
}

export function closeUpdate(): void {
  const { phase } = updateState.get();
  const over = phase === "offer" || phase === "done" || phase === "refused" || phase === "timed-out";
  change({ open: false, ...(over && { phase: "idle" }) });
}

export function isRunning(phase: UpdatePhase): boolean {
  return phase === "asking" || phase === "waiting" || phase === "restarting";
}

export async function startUpdate(): Promise<void> {
  change({
    phase: "asking",
    startedAt: Date.now(),
    restartedAt: undefined,
    doneAt: undefined,
    lostAt: undefined,
  });
  try {
    const answer: UpdateAnswer = await unwrap(api.POST("/api/v1/gateway/update", { body: { force: false } }));
    if (answer.status === "Rejected") {
      change({ phase: "refused", message: answer.error ?? answer.message });
      return;
    }
    change({ phase: "waiting" });
  } catch (error) {
    change({ phase: "refused", message: asApiError(error).message });
  }
}

export function keepWaiting(): void {
  change({ phase: "waiting", startedAt: Date.now() });
}

/** What the status says about a running update. */
export function observe(status: Status, now = Date.now()): void {
  const state = updateState.get();
  if (state.phase !== "waiting" && state.phase !== "restarting") return;
  const up = status.connectionStatus === "Connected";
  if (!up && state.phase === "waiting") change({ phase: "restarting", restartedAt: now, lostAt: now });
  else if (up && status.gatewayVersion && status.gatewayVersion !== state.from)
    change({ phase: "done", restartedAt: state.restartedAt ?? now, doneAt: now });
  else if (now - (state.startedAt ?? now) > GIVE_UP_MS) change({ phase: "timed-out" });
}

/** Steps the Agent reports itself, as live events. */
export function observeStep(step: string): void {
  const { phase } = updateState.get();
  if (phase === "waiting" && step === "restarting")
    change({ phase: "restarting", restartedAt: Date.now(), lostAt: Date.now() });
}
