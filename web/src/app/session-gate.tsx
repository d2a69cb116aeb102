// Watches the session: asks for the password where it ended, and leads to the sign-in page where somebody signed out.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { sessionPhase } from "~/shared/api/session";
import { useStore } from "~/shared/lib/store";

const SessionDialog = lazy(() =>
  import("~/features/auth/session-dialog").then((module) => ({ default: module.SessionDialog })),
);

export function SessionGate() {
  const phase = useStore(sessionPhase);
  const navigate = useNavigate();
  const client = useQueryClient();
  useEffect(() => {
    if (phase !== "out") return;
    client.clear();
    void navigate({ to: "/login" });
  }, [phase, navigate, client]);
  return <Suspense>{phase === "expired" && <SessionDialog />}</Suspense>;
}
