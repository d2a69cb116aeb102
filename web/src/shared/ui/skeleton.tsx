// The shape of what is being loaded. Shown only after a moment; said once to assistive technology.
import { cn } from "../lib/cn";

export function Skeleton({ className }: { className?: string }) {
  return <div className={cn("skeleton h-3", className)} aria-hidden />;
}

/** Rows of a table or a list. `label` is what is being loaded. */
export function SkeletonRows({
  label,
  rows = 8,
  className,
}: {
  label: string;
  rows?: number;
  className?: string;
}) {
  return (
    <div className={className}>
      <p role="status" className="sr-only">
        Loading {label}
      </p>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without identity
        <div key={row} className="flex h-11 items-center gap-6 border-b border-faint px-4 last:border-0">
          <Skeleton className="w-8" />
          <Skeleton className="w-40" />
          <Skeleton className="w-56 max-md:hidden" />
          <Skeleton className="ml-auto w-16" />
        </div>
      ))}
    </div>
  );
}
