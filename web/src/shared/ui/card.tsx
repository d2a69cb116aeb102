// A surface with a border. Cards do not nest.
import type { ComponentProps, ReactNode } from "react";
import { cn } from "../lib/cn";

export function Card({ className, ...rest }: ComponentProps<"section">) {
  return <section className={cn("min-w-0 rounded-lg border bg-surface shadow-xs", className)} {...rest} />;
}

interface CardHeadProps {
  title: string;
  note?: ReactNode;
  end?: ReactNode;
  className?: string;
}

export function CardHead({ title, note, end, className }: CardHeadProps) {
  return (
    <div
      className={cn("flex min-h-[46px] flex-wrap items-center gap-x-3 gap-y-1 px-4 max-md:py-2", className)}
    >
      <h2 className="font-semibold">{title}</h2>
      {note && <span className="text-xs text-subtle">{note}</span>}
      {end && <div className="ml-auto flex items-center gap-2 text-xs">{end}</div>}
    </div>
  );
}

export function CardBody({ className, ...rest }: ComponentProps<"div">) {
  return <div className={cn("p-4 pt-0.5", className)} {...rest} />;
}

export function CardFoot({ className, ...rest }: ComponentProps<"div">) {
  return (
    <div
      className={cn(
        "flex flex-wrap items-center gap-2 border-t border-faint px-4 py-2.5 text-muted",
        className,
      )}
      {...rest}
    />
  );
}
