// A finding in bold, its detail, and at most two actions.
import { CircleAlert, CircleCheck, CircleX, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "../lib/cn";

export type CalloutTone = "neutral" | "success" | "warning" | "danger" | "info";

const LOOK: Record<CalloutTone, { icon: LucideIcon; box: string; glyph: string }> = {
  neutral: { icon: CircleAlert, box: "border-line bg-sunken", glyph: "text-muted" },
  success: { icon: CircleCheck, box: "border-success bg-success-subtle", glyph: "text-success" },
  warning: { icon: TriangleAlert, box: "border-warning bg-warning-subtle", glyph: "text-warning" },
  danger: { icon: CircleX, box: "border-danger bg-danger-subtle", glyph: "text-danger" },
  info: { icon: Info, box: "border-info bg-info-subtle", glyph: "text-info" },
};

interface CalloutProps {
  tone?: CalloutTone;
  icon?: LucideIcon;
  title: ReactNode;
  children?: ReactNode;
  /** Beside the text. */
  action?: ReactNode;
  /** Title and detail on one line while there is room. */
  inline?: boolean;
  live?: boolean;
  className?: string;
}

export function Callout({
  tone = "neutral",
  icon,
  title,
  children,
  action,
  inline,
  live,
  className,
}: CalloutProps) {
  const look = LOOK[tone];
  const Icon = icon ?? look.icon;
  return (
    <div
      className={cn("flex gap-2.5 rounded-md border px-[13px] py-[11px]", look.box, className)}
      role={live ? "status" : undefined}
    >
      <Icon size={16} strokeWidth={1.75} className={cn("mt-0.5", look.glyph)} aria-hidden />
      <div className="min-w-0 flex-1 break-words">
        <b className={inline ? undefined : "block"}>{title}</b>
        {inline && children ? " " : null}
        {children &&
          (inline ? (
            <span className="text-muted">{children}</span>
          ) : (
            <div className="text-muted">{children}</div>
          ))}
      </div>
      {action && <div className="shrink-0">{action}</div>}
    </div>
  );
}
