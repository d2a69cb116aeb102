// A labelled field: hint below, and an error with its remedy in the hint's place.
import { CircleAlert } from "lucide-react";
import { createContext, type ReactNode, useContext, useId } from "react";
import { cn } from "../lib/cn";

interface FieldContext {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
}

const Context = createContext<FieldContext | null>(null);

export function useField(): FieldContext | null {
  return useContext(Context);
}

interface FieldProps {
  label: ReactNode;
  optional?: boolean;
  hint?: ReactNode;
  error?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Field({ label, optional, hint, error, className, children }: FieldProps) {
  const id = useId();
  const described = error || hint ? `${id}-note` : undefined;
  return (
    <Context value={{ id, describedBy: described, invalid: !!error }}>
      <div className={cn("grid min-w-0 content-start gap-1.5", className)}>
        <label htmlFor={id} className="flex items-baseline gap-1.5 font-medium">
          {label}
          {optional && <span className="text-xs font-regular text-subtle">optional</span>}
        </label>
        {children}
        <FieldNote id={described} hint={hint} error={error} />
      </div>
    </Context>
  );
}

/** Several controls under one label, such as protocol, host and port. */
export function FieldGroup({ label, hint, error, className, children }: Omit<FieldProps, "optional">) {
  const id = useId();
  const described = error || hint ? `${id}-note` : undefined;
  return (
    <fieldset className={cn("grid min-w-0 content-start gap-1.5", className)} aria-describedby={described}>
      <legend className="mb-1.5 font-medium">{label}</legend>
      {children}
      <FieldNote id={described} hint={hint} error={error} />
    </fieldset>
  );
}

function FieldNote({ id, hint, error }: { id: string | undefined; hint: ReactNode; error: ReactNode }) {
  if (error) {
    return (
      <p id={id} className="flex items-start gap-1.5 text-xs text-danger">
        <CircleAlert size={14} strokeWidth={1.75} className="mt-px" aria-hidden />
        <span className="min-w-0 break-words">{error}</span>
      </p>
    );
  }
  return hint ? (
    <div id={id} className="text-xs break-words text-subtle">
      {hint}
    </div>
  ) : null;
}
