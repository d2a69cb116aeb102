// Watches the session: asks for the password where it ended, and leads to the sign-in page where somebody signed out.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { SessionDialog } from "~/features/auth/session-dialog";
import { sessionPhase } from "~/shared/api/session";
import { useStore } from "~/shared/lib/store";

export function SessionGate() {
  const phase = useStore(sessionPhase);
  const navigate = useNavigate();
  const client = useQueryClient();
  useEffect(() => {
    if (phase !== "out") return;
    client.clear();
    void navigate({ to: "/login" });
  }, [phase, navigate, client]);
  return phase === "expired" ? <SessionDialog /> : null;
}
