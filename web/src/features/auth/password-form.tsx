// The password field with its problems, used by the sign-in page and by the dialog of an ended session.
import { Lock, Timer } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError } from "~/shared/api/error";
import { signIn } from "~/shared/api/session";
import { countdown, plural } from "~/shared/lib/format";
import { useNow } from "~/shared/lib/use-now";
import { Field } from "~/shared/ui/field";
import { TextInput } from "~/shared/ui/input";

export interface Lockout {
  until: number;
  totalSeconds: number;
  nextSeconds: number | undefined;
}

export interface PasswordState {
  password: string;
  setPassword: (password: string) => void;
  busy: boolean;
  error: string | null;
  lockout: Lockout | null;
  submit: () => Promise<boolean>;
  input: React.RefObject<HTMLInputElement | null>;
}

/** Seconds in words as a person says them: "1 minute", "15 minutes", "1 hour". */
export function lockWords(seconds: number): string {
  if (seconds < 60) return plural(seconds, "second");
  return seconds < 3600
    ? plural(Math.round(seconds / 60), "minute")
    : plural(Math.round(seconds / 3600), "hour");
}

function sentence(error: ApiError): string {
  if (error.code !== "wrong-password") return error.message;
  const tries = error.triesLeft;
  if (tries === undefined) return "The password is wrong.";
  const lock = error.nextLockSeconds
    ? ` before a ${lockWords(error.nextLockSeconds).replace(/s$/, "")} lock`
    : "";
  return `The password is wrong. ${plural(tries, "try", "tries")} left${lock}.`;
}

/** The lock that an answer tells of: one that holds, or one that the last try has just begun. */
function lockoutOf(problem: ApiError): Lockout | null {
  const { status, triesLeft, retryAfterSeconds, nextLockSeconds } = problem;
  const begun = triesLeft === 0 ? nextLockSeconds : undefined;
  const seconds = begun ?? (status === 429 ? retryAfterSeconds : undefined);
  if (!seconds) return null;
  return {
    until: Date.now() + seconds * 1000,
    totalSeconds: seconds,
    nextSeconds: begun ? undefined : nextLockSeconds,
  };
}

export function usePassword(onDone: () => void): PasswordState {
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [lockout, setLockout] = useState<Lockout | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const submit = async () => {
    if (busy || lockout) return false;
    if (!password) {
      setError("Enter the password.");
      input.current?.focus();
      return false;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(password);
      onDone();
      return true;
    } catch (thrown) {
      const problem = asApiError(thrown);
      const lock = lockoutOf(problem);
      if (lock) setLockout(lock);
      else setError(sentence(problem));
      if (problem.status !== 0) setPassword("");
      input.current?.focus();
      return false;
    } finally {
      setBusy(false);
    }
  };
  useLockEnd(lockout, () => {
    setLockout(null);
    setError(null);
  });
  // Not before the field is drawn as usable: what is disabled takes no focus.
  useEffect(() => {
    if (!lockout) input.current?.focus();
  }, [lockout]);
  return { password, setPassword, busy, error, lockout, submit, input };
}

function useLockEnd(lockout: Lockout | null, onEnd: () => void): void {
  const latest = useRef(onEnd);
  useEffect(() => {
    latest.current = onEnd;
  });
  useEffect(() => {
    if (!lockout) return;
    const timer = setTimeout(() => latest.current(), lockout.until - Date.now());
    return () => clearTimeout(timer);
  }, [lockout]);
}

export function PasswordField({ state, large }: { state: PasswordState; large?: boolean }) {
  return (
    <Field label="Password" error={state.error}>
      <TextInput
        ref={state.input}
        icon={Lock}
        large={large}
        type="password"
        name="password"
        autoComplete="current-password"
        autoFocus
        value={state.password}
        disabled={!!state.lockout}
        onChange={(event) => state.setPassword(event.target.value)}
      />
    </Field>
  );
}

/** The lock: what happened, the time left, how long the next one lasts. Read out at the start, at one minute and at the end. */
export function LockNotice({ lockout }: { lockout: Lockout }) {
  const left = Math.max(0, (lockout.until - useNow(250)) / 1000);
  const spoken = left > 60 ? `Locked for ${lockWords(lockout.totalSeconds)}.` : "Less than one minute left.";
  return (
    <div className="flex gap-2.5 rounded-md border border-warning bg-warning-subtle px-[13px] py-[11px]">
      <Timer size={16} strokeWidth={1.75} className="mt-1.5 text-warning" aria-hidden />
      <div>
        <b className="nums block text-xl font-semibold tracking-tight" aria-hidden>
          {countdown(left)}
        </b>
        <span className="text-muted">
          left of {lockWords(lockout.totalSeconds)}.
          {lockout.nextSeconds ? ` The next lock lasts ${lockWords(lockout.nextSeconds)}.` : ""}
        </span>
        <span role="status" className="sr-only">
          {spoken}
        </span>
      </div>
    </div>
  );
}

export function useLockLabel(lockout: Lockout | null): string | null {
  const now = useNow(250);
  return lockout ? `Try again in ${countdown((lockout.until - now) / 1000)}` : null;
}
