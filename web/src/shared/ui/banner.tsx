// A strip above the page with a state, its meaning, and at most two actions.
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "../lib/cn";

interface BannerProps {
  tone: "danger" | "warning";
  icon: LucideIcon;
  title: string;
  action?: ReactNode;
  children: ReactNode;
}

export function Banner({ tone, icon: Icon, title, action, children }: BannerProps) {
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={cn(
        "z-banner flex shrink-0 items-center gap-3 border-b px-gutter py-[9px] max-md:flex-wrap max-md:items-start max-md:py-2.5",
        tone === "danger" ? "border-danger bg-danger-subtle" : "border-warning bg-warning-subtle",
      )}
    >
      <Icon
        size={16}
        strokeWidth={1.75}
        className={cn(tone === "danger" ? "text-danger" : "text-warning", "max-md:mt-0.5")}
        aria-hidden
      />
      <p className="min-w-0 flex-1 break-words">
        <b>{title}</b> <span className="text-muted">{children}</span>
      </p>
      {action && <div className="flex items-center gap-2 max-md:w-full max-md:pl-7">{action}</div>}
    </div>
  );
}
