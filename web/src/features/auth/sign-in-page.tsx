// Sign in: one field, one button; when locked, what happened and for how long.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronRight, SunMoon } from "lucide-react";
import { type FormEvent, useEffect } from "react";
import { cycleTheme, usePreferences } from "~/shared/lib/preferences";
import { Button } from "~/shared/ui/button";
import { IconButton } from "~/shared/ui/icon-button";
import { Mark } from "~/shared/ui/mark";
import { Arms } from "./arms";
import { LockNotice, PasswordField, useLockLabel, usePassword } from "./password-form";

export function SignInPage() {
  const { next } = useSearch({ from: "/login" });
  const navigate = useNavigate();
  const state = usePassword(
    () =>
      void navigate({ href: next?.startsWith("/") && !next.startsWith("//") ? next : "/", replace: true }),
  );
  const { lockout } = state;
  const lockLabel = useLockLabel(lockout);
  useEffect(() => {
    document.title = "Sign in · Octoporty";
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void state.submit();
  };
  return (
    <main className="grid min-h-dvh grid-cols-2 max-md:grid-cols-1">
      <section className="grid grid-cols-[minmax(0,344px)] content-center justify-center gap-7 bg-surface p-8 max-md:bg-page max-md:p-6">
        <div className="flex items-center gap-2.5 text-[17px] font-semibold tracking-tight">
          <Mark size={30} className="text-brand" />
          Octoporty
        </div>
        <div className="-mt-1 grid gap-2">
          <h1 className="text-2xl font-semibold tracking-tighter">
            {lockout ? "Sign in is locked" : "Sign in"}
          </h1>
          <p className="text-md text-muted">
            {lockout
              ? "Too many wrong passwords came from this address. It opens again by itself."
              : "This Agent opens your private services to the web. Enter its password to manage them."}
          </p>
        </div>
        {lockout && <LockNotice lockout={lockout} />}
        <form onSubmit={submit} className="grid gap-4" noValidate>
          <PasswordField state={state} large />
          <Button
            type="submit"
            variant="primary"
            size="lg"
            busy={state.busy}
            disabled={!!lockout}
            className="nums w-full"
          >
            {lockLabel ?? "Sign in"}
          </Button>
        </form>
        {lockout ? (
          <p className="text-xs text-subtle">
            Only this address is locked, and the tunnel keeps working. In a hurry? Restart the Agent; that
            clears the lock.
          </p>
        ) : (
          <details className="group text-xs text-subtle">
            <summary className="flex items-center gap-1">
              <ChevronRight
                size={14}
                strokeWidth={1.75}
                className="transition-transform group-open:rotate-90"
                aria-hidden
              />
              Lost the password?
            </summary>
            <p className="pt-1.5 pl-[18px]">
              Make a new hash with <code className="mono">openssl passwd -6</code>, set it as{" "}
              <code className="mono">Agent__Auth__PasswordHash</code>, and restart the Agent.
            </p>
          </details>
        )}
      </section>
      <div className="relative grid place-items-center overflow-hidden border-l bg-page max-md:hidden">
        <Arms />
      </div>
      <ThemeButton />
    </main>
  );
}

function ThemeButton() {
  const { theme } = usePreferences();
  return (
    <div className="absolute top-[18px] right-5">
      <IconButton icon={SunMoon} label={`Theme: ${theme}. Change`} onClick={cycleTheme} />
    </div>
  );
}
