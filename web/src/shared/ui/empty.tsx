// What stands where nothing is: nothing yet (teaches), nothing found (widens), or it cannot be loaded (cause, retry).
import { ChevronRight, type LucideIcon, RefreshCw, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "../api/error";
import { cn } from "../lib/cn";
import { Button } from "./button";

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  tone?: "neutral" | "danger";
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Empty({ icon: Icon, title, tone = "neutral", actions, className, children }: EmptyProps) {
  return (
    <div
      className={cn(
        "grid justify-items-center gap-1.5 px-6 py-14 text-center max-md:px-4 max-md:py-10",
        className,
      )}
    >
      <span
        className={cn(
          "mb-2 grid size-[46px] place-items-center rounded-lg border",
          tone === "danger"
            ? "border-danger bg-danger-subtle text-danger"
            : "border-line bg-sunken text-muted",
        )}
      >
        <Icon size={18} strokeWidth={1.75} aria-hidden />
      </span>
      <h2 className="text-lg font-semibold tracking-tight">{title}</h2>
      <div className="max-w-[46ch] text-balance text-muted">{children}</div>
      {actions && <div className="mt-3 flex flex-wrap items-center justify-center gap-2">{actions}</div>}
    </div>
  );
}

interface CannotLoadProps {
  title: string;
  error: unknown;
  onRetry?: () => void;
  actions?: ReactNode;
  className?: string;
}

export function CannotLoad({ title, error, onRetry, actions, className }: CannotLoadProps) {
  const problem = asApiError(error);
  return (
    <div className={cn("grid justify-items-center", className)} role="alert">
      <Empty
        icon={Unplug}
        tone="danger"
        title={title}
        actions={
          <>
            {onRetry && (
              <Button variant="primary" icon={RefreshCw} onClick={onRetry}>
                Try again
              </Button>
            )}
            {actions}
          </>
        }
      >
        {problem.message}
      </Empty>
      <details className="group w-full max-w-[396px] rounded-md border">
        <summary className="flex min-h-[42px] items-center gap-2 px-3.5 py-2 font-medium">
          <ChevronRight
            size={16}
            strokeWidth={1.75}
            className="text-subtle transition-transform group-open:rotate-90"
            aria-hidden
          />
          Details for a bug report
        </summary>
        <pre className="code m-3 mt-0">{problem.report}</pre>
      </details>
    </div>
  );
}
