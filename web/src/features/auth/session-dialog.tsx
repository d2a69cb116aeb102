// The session ended in the middle of work: sign in here, and what waited is sent on. Nothing typed is lost.
import { Lock } from "lucide-react";
import { type FormEvent, useId } from "react";
import { signOut, waitingCalls } from "~/shared/api/session";
import { Button } from "~/shared/ui/button";
import { Dialog } from "~/shared/ui/dialog";
import { LockNotice, PasswordField, useLockLabel, usePassword } from "./password-form";

export function SessionDialog() {
  const state = usePassword(() => undefined);
  const lockLabel = useLockLabel(state.lockout);
  const form = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void state.submit();
  };
  return (
    <Dialog
      open
      closable={false}
      onClose={() => undefined}
      icon={Lock}
      tone="accent"
      title="Sign in again to go on"
      foot={
        <>
          <Button variant="ghost" onClick={() => void signOut()}>
            Sign out
          </Button>
          <Button type="submit" form={form} variant="primary" busy={state.busy} disabled={!!state.lockout}>
            {lockLabel ?? (waitingCalls() > 0 ? "Sign in and go on" : "Sign in")}
          </Button>
        </>
      }
    >
      <p>Your session ended. What you typed is still here and is saved right after you sign in.</p>
      <form id={form} onSubmit={submit} className="grid gap-4 text-sm text-ink" noValidate>
        {state.lockout && <LockNotice lockout={state.lockout} />}
        <PasswordField state={state} large />
      </form>
    </Dialog>
  );
}
