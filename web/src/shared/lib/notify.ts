// Toasts in the words and times of the design: what happened, what it means, at most one action. Errors stay until closed.

export interface Notice {
  title: string;
  detail?: string;
  action?: { label: string; run: () => void };
  /** How long it stays, in milliseconds. */
  lasts?: number;
}

export type Tone = "success" | "danger" | "info";

const LASTS_MS = 5000;
/** Long enough to read the toast and reach its Undo. */
export const UNDO_MS = 6000;

/** The view is not part of the first screen's script. */
function show(tone: Tone, notice: Notice, lasts: number): void {
  void import("../ui/toast-view").then((view) => view.show(tone, notice, notice.lasts ?? lasts));
}

export const notify = {
  success: (notice: Notice) => show("success", notice, LASTS_MS),
  info: (notice: Notice) => show("info", notice, LASTS_MS),
  failure: (notice: Notice) => show("danger", notice, Number.POSITIVE_INFINITY),
};
