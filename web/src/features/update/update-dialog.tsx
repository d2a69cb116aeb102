// Follows the update: offer, waiting for the host, restart, done; or refused, or timed out, each with what to do.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { live } from "~/shared/api/live";
import { statusQuery } from "~/shared/api/queries";
import { useStore } from "~/shared/lib/store";
import { isRunning, observe, observeStep, POLL_MS, updateState } from "./update-store";

const UpdateDialogView = lazy(() =>
  import("./update-dialog-view").then((module) => ({ default: module.UpdateDialogView })),
);

export function UpdateDialog() {
  const state = useStore(updateState);
  useWatch(isRunning(state.phase));
  return <Suspense>{state.open && <UpdateDialogView state={state} />}</Suspense>;
}

/** While an update runs, the status is asked for every few seconds besides what comes live. */
function useWatch(running: boolean): void {
  const client = useQueryClient();
  const status = useQuery(statusQuery).data;
  useEffect(() => {
    if (status) observe(status);
  }, [status]);
  useEffect(() => live.on("update", ({ step }) => observeStep(step)), []);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => {
      const known = client.getQueryData(statusQuery.queryKey);
      if (known) observe(known);
      void client.invalidateQueries({ queryKey: statusQuery.queryKey });
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [running, client]);
}
